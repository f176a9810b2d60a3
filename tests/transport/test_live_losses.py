"""Whatever is lost on the way, whoever follows hears the last word."""

from tests.transport.following import begun, following, store
from tests.transport.test_live import DRIFT, SIGNALS, brief

SIGNAL = """
    INSERT INTO signals (time, conversation_id, signal_source, signal_score)
    SELECT now(), id, 'chat', $1 FROM conversations
"""
LISTENER = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND query ILIKE 'LISTEN%' AND pid <> pg_backend_pid()
"""
OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
NEVER = 3_600


async def see_each_other(one, other):
    await store(one, ("a", 0.9))
    async with following(one, SIGNALS, id="a") as here, following(other, SIGNALS, id="a") as there:
        await begun(one)
        await begun(other)
        for place, score in ((one, 0.1), (other, 0.2)):
            await store(place, ("a", score))
            assert (await here.next())["signalScore"] == score
            assert (await there.next())["signalScore"] == score


async def test_servers_of_one_database_see_what_each_other_store(serve):
    async with serve(look_again_seconds=NEVER) as one, serve(look_again_seconds=NEVER) as other:
        await see_each_other(one, other)


async def test_servers_see_each_other_by_redis(serve, redis):
    given = {"look_again_seconds": NEVER, "redis_url": redis.url}
    async with serve(**given) as one, serve(**given) as other:
        await see_each_other(one, other)


async def test_what_was_stored_while_nobody_listened_is_told(serve, pg):
    async with serve(look_again_seconds=NEVER) as place:
        await store(place, ("a", 0.9))
        async with following(place, SIGNALS, id="a") as signals:
            await begun(place)
            assert await pg.fetch(LISTENER)
            await pg.execute(SIGNAL, 0.1)
            assert (await signals.next())["signalScore"] == 0.1
            await store(place, ("a", 0.2))
            assert (await signals.next())["signalScore"] == 0.2


async def test_what_nobody_told_of_is_found(serve, pg):
    async with serve(look_again_seconds=0.2) as place:
        await store(place, ("a", 0.9))
        async with (
            following(place, SIGNALS, id="a") as signals,
            following(place, DRIFT, ids=["a"]) as drift,
        ):
            await drift.next()
            await begun(place, 2)
            await pg.execute(SIGNAL, 0.1)
            assert (await signals.next())["signalScore"] == 0.1
            assert brief(await drift.next()) == ("a", 2, 1, 2)
            assert await signals.is_silent(0.5)


async def test_subscriptions_outlast_all_connections_to_the_database(serve, pg):
    async with serve(look_again_seconds=NEVER) as place:
        await store(place, ("a", 0.9))
        async with (
            following(place, SIGNALS, id="a") as signals,
            following(place, DRIFT, ids=["a"]) as drift,
        ):
            await drift.next()
            await begun(place, 2)
            await pg.fetch(OTHERS)
            await pg.execute(SIGNAL, 0.1)
            assert (await signals.next())["signalScore"] == 0.1
            assert brief(await drift.next()) == ("a", 2, 1, 2)


async def test_what_was_stored_while_redis_was_away_is_told(serve, redis, pg):
    async with serve(look_again_seconds=NEVER, redis_url=redis.url) as place:
        await store(place, ("a", 0.9))
        async with following(place, SIGNALS, id="a") as signals:
            await begun(place)
            await redis.stop()
            await store(place, ("a", 0.1))
            await pg.execute(SIGNAL, 0.2)
            await redis.start()
            assert {(await signals.next(15))["signalScore"] for _ in range(2)} == {0.1, 0.2}
            await store(place, ("a", 0.3))
            assert (await signals.next())["signalScore"] == 0.3


async def test_what_was_missed_over_a_connection_to_redis_that_broke_is_told(serve, redis, pg):
    async with serve(look_again_seconds=NEVER, redis_url=redis.url) as place:
        await store(place, ("a", 0.9))
        async with following(place, SIGNALS, id="a") as signals:
            await begun(place)
            await pg.execute(SIGNAL, 0.1)
            await redis.ask("CLIENT KILL TYPE pubsub")
            assert (await signals.next())["signalScore"] == 0.1
