"""How much one may ask for in a time, whichever way they ask."""

import asyncio
import json
import logging

import httpx2
import pytest

from app.auth import keys
from app.auth.viewer import Scope
from tests.transport.test_ingest import NDJSON, lines, signal
from tests.transport.test_websocket import ask, opened, socket

LISTED = "{ users(first: 50) { totalCount } }"
"""Costs 50."""
STORE = (
    "mutation($s: [SignalInput!]!) { createSignals(signals: $s, createConversations: true) { totalCount } }"
)
ONE = "mutation($s: SignalInput!) { createSignal(input: $s) { id } }"
GRAPHQL = {"Accept": "application/graphql-response+json"}


@pytest.fixture
def make(database):
    async def make(*scopes):
        _, token = await keys.create(database, "test", "probe", scopes or (Scope.ADMIN,))
        return {"Authorization": f"Bearer {token}"}

    return make


async def post(place, query, headers=None, address="127.0.0.1", **variables):
    async with httpx2.AsyncClient(transport=httpx2.AsyncHTTPTransport(local_address=address)) as http:
        return await http.post(
            f"http://{place}/graphql",
            json={"query": query, "variables": variables},
            headers=GRAPHQL | (headers or {}),
        )


def limited(response):
    """Seconds to wait; 0 where the response is none of those that came too soon."""
    if response.status_code == 200:
        assert "errors" not in response.json(), response.text
        assert "Retry-After" not in response.headers
        return 0
    assert response.status_code == 429, response.text
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert response.headers["Retry-After"] == str(error["extensions"]["retryAfter"])
    return error["extensions"]["retryAfter"]


async def test_each_key_has_its_own_and_a_retry_after_the_time_given_succeeds(serve, make):
    async with serve(COHERENCE_AUTH="required", COHERENCE_RATE_COST="100 per 3 seconds") as place:
        one, other = await make(), await make()
        assert [limited(await post(place, LISTED, one)) for _ in range(2)] == [0, 0]
        seconds = limited(await post(place, LISTED, one))
        assert 1 <= seconds <= 4
        assert limited(await post(place, "{ __typename }", one)) >= 1
        assert limited(await post(place, LISTED, other)) == 0
        await asyncio.sleep(seconds)
        assert limited(await post(place, LISTED, one)) == 0


async def test_what_costs_more_than_is_ever_allowed_is_told_so(serve, make):
    async with serve(COHERENCE_AUTH="required", COHERENCE_RATE_COST="40/minute") as place:
        headers = await make()
        (error,) = (await post(place, LISTED, headers)).json()["errors"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert limited(await post(place, "{ users(first: 40) { totalCount } }", headers)) == 0


async def test_a_response_of_plain_json_has_the_code_and_the_header(serve, make):
    async with serve(COHERENCE_AUTH="required", COHERENCE_RATE_COST="1/hour") as place:
        headers = await make() | {"Accept": "application/json"}
        await post(place, "{ __typename }", headers)
        response = await post(place, "{ __typename }", headers)
        assert response.status_code == 200
        assert response.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
        assert 3_590 < int(response.headers["Retry-After"]) <= 3_601


async def test_operations_and_subscriptions_of_a_socket_count(serve, make):
    async with serve(COHERENCE_AUTH="required", COHERENCE_RATE_COST="50/minute") as place:
        headers = await make()
        async with socket(place, additional_headers=headers) as ws:
            await opened(ws)
            assert "data" in await ask(ws, LISTED)
            for query in (LISTED, "subscription { conversationChanged { id } }"):
                (error,) = await ask(ws, query)
                assert error["extensions"]["code"] == "RATE_LIMITED"
                assert 55 < error["extensions"]["retryAfter"] <= 61
        assert limited(await post(place, LISTED, headers)) > 55


async def test_a_stream_of_events_counts(serve, make):
    async with serve(COHERENCE_AUTH="required", COHERENCE_RATE_COST="50/minute") as place:
        headers = await make()
        assert limited(await post(place, LISTED, headers)) == 0
        response = await post(place, LISTED, headers | {"Accept": "text/event-stream"})
        told = next(line for line in response.text.splitlines() if line.startswith("data: {"))
        (error,) = json.loads(told.removeprefix("data: "))["errors"]
        assert error["extensions"]["code"] == "RATE_LIMITED"


async def test_who_has_not_signed_in_is_known_by_address(serve):
    async with serve(COHERENCE_AUTH="required", COHERENCE_RATE_COST="2/minute") as place:
        viewer = "{ viewer { id } }"
        assert [limited(await post(place, viewer, address="127.0.0.2")) > 0 for _ in range(3)] == [
            False,
            False,
            True,
        ]
        assert limited(await post(place, viewer, address="127.0.0.3")) == 0
        forged = {"X-Forwarded-For": "198.51.100.7"}
        assert limited(await post(place, viewer, forged, "127.0.0.2")) > 0
        # 127.0.0.1 is where a proxy may be: what it has added itself is last.
        added = {"X-Forwarded-For": "198.51.100.8, 127.0.0.2"}
        assert limited(await post(place, viewer, added)) > 0
        assert limited(await post(place, viewer, forged)) == 0


async def test_who_is_refused_at_the_door_is_charged_too(serve):
    async with serve(COHERENCE_AUTH="required", COHERENCE_RATE_COST="3/minute") as place:
        headers = {"Authorization": "Bearer coh_guessed"}
        answers = [(await post(place, "{ status { version } }", headers)).status_code for _ in range(5)]
        assert answers == [401, 401, 401, 429, 429]


async def test_signals_count_whichever_way_they_come(serve, make, pg):
    async with serve(COHERENCE_AUTH="required", COHERENCE_RATE_SIGNALS="10/minute") as place:
        headers = await make(Scope.INGEST)
        assert limited(await post(place, STORE, headers, s=[signal(n) for n in range(8)])) == 0
        assert limited(await post(place, ONE, headers, s=signal(8))) == 0
        async with httpx2.AsyncClient() as http:
            stored = await http.post(
                f"http://{place}/ingest", content=lines(signal(9)), headers=headers | NDJSON
            )
            assert json.loads(stored.text.splitlines()[-1])["accepted"] == 1
            refused = await http.post(
                f"http://{place}/ingest", content=lines(signal(10)), headers=headers | NDJSON
            )
        assert 55 < limited(refused) <= 61
        for query, given in ((STORE, [signal(11)]), (ONE, signal(11))):
            answer = await post(place, query, headers, s=given)
            assert answer.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
            assert int(answer.headers["Retry-After"]) > 55
        (fault,) = (await post(place, STORE, headers, s=[signal(n) for n in range(11)])).json()["errors"]
        assert fault["extensions"]["code"] == "BAD_USER_INPUT"
        assert await pg.fetchval("SELECT count(*) FROM signals") == 10


async def test_a_long_stream_stops_with_a_report_of_what_was_stored(serve, make, pg):
    async with serve(COHERENCE_AUTH="required", COHERENCE_RATE_SIGNALS="2500/minute") as place:
        headers = await make(Scope.INGEST)
        async with httpx2.AsyncClient() as http:
            response = await http.post(
                f"http://{place}/ingest?createConversations=true",
                content=lines(*map(signal, range(5_000))),
                headers=headers | NDJSON,
            )
        told = [json.loads(line) for line in response.text.splitlines()]
        assert [line["through"] for line in told[:-1]] == [1_000, 2_000]
        assert told[-1]["accepted"] == 2_000
        assert told[-1]["error"]["extensions"]["code"] == "RATE_LIMITED"
        assert 50 < told[-1]["error"]["extensions"]["retryAfter"] <= 61
        assert await pg.fetchval("SELECT count(*) FROM signals") == 2_000


async def test_a_stream_goes_on_where_less_is_allowed_at_once_than_a_batch_holds(serve, make):
    async with serve(COHERENCE_AUTH="required", COHERENCE_RATE_SIGNALS="300/minute") as place:
        headers = await make(Scope.INGEST)
        async with httpx2.AsyncClient() as http:
            response = await http.post(
                f"http://{place}/ingest?createConversations=true",
                content=lines(*map(signal, range(299))) + b"{not json}\n" + lines(signal(300)),
                headers=headers | NDJSON,
            )
        told = [json.loads(line) for line in response.text.splitlines()]
        assert [line.get("through") for line in told] == [None, 300, None]
        assert told[-1]["accepted"] == 299
        assert told[-1]["error"]["extensions"]["code"] == "RATE_LIMITED"


async def test_attempts_to_sign_in_are_limited_by_address(serve):
    async with serve(COHERENCE_AUTH="required", COHERENCE_RATE_SIGN_INS="2/minute") as place:

        async def attempt(path, address="127.0.0.2"):
            transport = httpx2.AsyncHTTPTransport(local_address=address)
            async with httpx2.AsyncClient(transport=transport) as http:
                return await http.get(f"http://{place}/auth/{path}")

        assert (await attempt("login/nobody")).status_code == 404
        assert (await attempt("callback/nobody?code=1")).status_code == 404
        for path in ("login/nobody", "callback/nobody?code=2"):
            assert 55 < limited(await attempt(path)) <= 61
        assert (await attempt("providers")).status_code == 200
        assert (await attempt("login/nobody", "127.0.0.3")).status_code == 404


async def test_nothing_is_limited_where_nobody_signs_in_unless_that_is_said(serve):
    async with serve() as place:
        rates = place.graphql.services.rates
        assert (rates.cost.limit, rates.signals.limit, rates.sign_ins.limit) == (None, None, None)
    async with serve(COHERENCE_RATE_COST="1/minute") as place:
        assert limited(await post(place, "{ __typename }")) == 0
        assert limited(await post(place, "{ __typename }")) > 0


async def test_it_is_on_where_everyone_signs_in_unless_it_is_turned_off(serve):
    async with serve(COHERENCE_AUTH="required", COHERENCE_RATE_SIGNALS="off") as place:
        rates = place.graphql.services.rates
        assert (rates.cost.limit.amount, rates.signals.limit) == (1_000_000, None)


async def test_servers_with_one_redis_count_together(serve, make, redis):
    given = {"COHERENCE_AUTH": "required", "COHERENCE_RATE_COST": "100 per 3 seconds", "redis_url": redis.url}
    async with serve(**given) as one, serve(**given) as other:
        mine, others = await make(), await make()
        assert limited(await post(one, LISTED, mine)) == 0
        assert limited(await post(other, LISTED, mine)) == 0
        seconds = limited(await post(one, LISTED, mine))
        assert 1 <= seconds <= 4
        assert limited(await post(other, LISTED, mine)) > 0
        assert limited(await post(other, LISTED, others)) == 0
        await asyncio.sleep(seconds)
        assert limited(await post(other, LISTED, mine)) == 0


async def test_without_redis_nobody_is_refused_and_with_it_again_they_are(serve, make, redis, caplog):
    caplog.set_level(logging.WARNING, "app.rates")

    def warnings():
        return [record.message for record in caplog.records if record.name == "app.rates"]

    given = {"COHERENCE_AUTH": "required", "COHERENCE_RATE_COST": "50/hour", "redis_url": redis.url}
    async with serve(**given) as place:
        headers = await make()
        assert limited(await post(place, LISTED, headers)) == 0
        assert limited(await post(place, LISTED, headers)) > 0
        await redis.stop()
        for _ in range(3):
            assert limited(await post(place, LISTED, headers)) == 0
        await asyncio.sleep(1.1)
        assert limited(await post(place, LISTED, headers)) == 0
        assert len(warnings()) == 1
        assert "not limited" in warnings()[0]
        await redis.start()
        await asyncio.sleep(1.1)
        assert limited(await post(place, LISTED, headers)) == 0  # a new Redis has counted nothing
        assert limited(await post(place, LISTED, headers)) > 0
        assert len(warnings()) == 2
