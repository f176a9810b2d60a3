"""Who is charged, and how it is counted in memory."""

import asyncio
from uuid import UUID

import pytest
from limits import parse
from starlette.requests import Request

from app import rates
from app.auth.viewer import LOCAL, NOBODY, Scope, Viewer
from app.errors import RateLimited
from app.rates import Rate, Rates, address_of, payer
from app.settings import Settings
from app.users.models import Role

ONE, OTHER = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(
    ("client", "address"),
    [
        (("192.0.2.1", 5), "192.0.2.1"),
        (("2001:db8:1:2:3:4:5:6", 5), "2001:db8:1:2::/64"),
        (("::ffff:192.0.2.1", 5), "192.0.2.1"),
        (("unknown", 0), "unknown"),
        (("x" * 1_000, 0), "x" * 64),
        (None, ""),
    ],
)
def test_an_address_is_a_clients(client, address):
    assert address_of(Request({"type": "http", "client": client}).scope) == address


def test_keys_users_and_addresses_pay_for_themselves():
    key = Viewer.by_key(ONE, frozenset({Scope.READ}), None, None)
    first, second = (Viewer.by_session(session, OTHER, Role.COACH) for session in (ONE, OTHER))
    assert payer(first, "a") == payer(second, "b") == f"user:{OTHER}"
    assert payer(key, "a") == payer(key, "b") == f"key:{ONE}"
    assert payer(NOBODY, "a") == payer(LOCAL, "a") == "address:a"


async def test_what_is_refused_is_allowed_when_it_says():
    rate = Rate("rows", parse("10/second"), Rates(Settings(_env_file=None)).cost._meter)
    await rate.charge("a", 6)
    with pytest.raises(RateLimited) as refusal:
        await rate.charge("a", 6)
    await rate.charge("b", 6)
    await asyncio.sleep(refusal.value.seconds)
    await rate.charge("a", 6)


async def test_windows_that_have_ended_are_forgotten(monkeypatch):
    monkeypatch.setattr(rates, "_SWEEP", 0.01)
    counted = Rates(Settings(_env_file=None, COHERENCE_RATE_COST="10/second"))
    memory = counted._meter._memory
    async with counted.running():
        for n in range(100):
            await counted.cost.charge(f"address:{n}")
        assert len(memory.storage) == 100
        await asyncio.sleep(1.2)
    assert not memory.storage
    assert not memory.locks
