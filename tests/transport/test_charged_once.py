"""What a plan has declined is charged once, and stored once."""

import httpx2
import pytest

from app.auth import keys
from app.auth.viewer import Scope

ONE = "mutation($s: SignalInput!) { createSignal(input: $s) { id } }"
PLAIN = {"contextWindowId": "a", "rawContent": "x"}
DECLINED = [
    {"idempotencyKey": "once"},
    {"embedding": [0.5] * 256},
    {"contextWindowId": "nowhere"},
    {"signalScore": 7},
    {"signalSource": ""},
]
PAGE = "query($after: String) { signals(first: 5, after: $after) { totalCount } }"
FAULTY = ["x", "c2lnbmFsczowOjkyMjMzNzIwMzY4NTQ3NzU4MDg=", None, 5]
"""Among them a cursor with a number beyond 64 bits."""


@pytest.fixture
async def asked(serve, pg, database):
    """A function that asks a server with small limits."""
    await pg.execute("INSERT INTO conversations (context_window_id) VALUES ('a')")
    _, token = await keys.create(database, "test", "probe", (Scope.ADMIN,))
    async with (
        serve(
            COHERENCE_AUTH="required",
            COHERENCE_RATE_SIGNALS="12/hour",
            COHERENCE_RATE_COST="60/hour",
        ) as place,
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as http,
    ):

        async def asked(query, **variables):
            body = {"query": query, "variables": variables}
            response = await http.post(f"http://{place}/graphql", json=body)
            return [error["extensions"]["code"] for error in response.json().get("errors", ())]

        yield asked


@pytest.mark.parametrize("more", DECLINED)
async def test_a_signal_that_its_plan_declines_is_charged_once(asked, more):
    for _ in range(2):  # its plan is known then
        assert not await asked(ONE, s=PLAIN)
    codes = [await asked(ONE, s=PLAIN | more) for _ in range(11)]
    assert codes[10] == ["RATE_LIMITED"]
    assert ["RATE_LIMITED"] not in codes[:10]


@pytest.mark.parametrize("after", FAULTY)
async def test_a_query_that_its_plan_declines_is_charged_once(asked, after):
    valid = "c2lnbmFsczowOjE="
    for _ in range(2):
        assert not await asked(PAGE, after=valid)
    codes = [await asked(PAGE, after=after) for _ in range(11)]
    assert codes[10] == ["RATE_LIMITED"]
    assert ["RATE_LIMITED"] not in codes[:10]
    if isinstance(after, str):
        assert codes[:10] == [["BAD_USER_INPUT"]] * 10
