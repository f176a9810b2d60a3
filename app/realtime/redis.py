"""The bus over Redis, for servers that ingest more than NOTIFY should carry."""

from collections.abc import Sequence

from redis.asyncio import Redis

from app.realtime.bus import CHANNEL, SILENCE, Heard


class RedisBus:
    """Publish and subscribe. Servers of other databases may use the same Redis: nobody waits for their keys here."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(
            url, socket_timeout=SILENCE, socket_connect_timeout=SILENCE, health_check_interval=SILENCE
        )

    async def send(self, messages: Sequence[bytes]) -> None:
        async with self._redis.pipeline(transaction=False) as pipeline:
            for message in messages:
                pipeline.publish(CHANNEL, message)
            await pipeline.execute()

    async def listen(self, heard: Heard) -> None:
        async with self._redis.pubsub() as pubsub:
            await pubsub.subscribe(CHANNEL)
            while True:
                message = await pubsub.get_message(timeout=SILENCE)
                if message is not None:
                    # It subscribes anew by itself when it has had to connect anew.
                    heard(None if message["type"] == "subscribe" else message["data"])
