"""Pages of other sites get nothing from this server but what its settings allow."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest

from app.asgi import create_app
from app.settings import Settings

FRIEND, STRANGER = "https://friend.example", "https://stranger.example"


@asynccontextmanager
async def program(**settings) -> AsyncIterator[httpx2.AsyncClient]:
    """The program without a database: nothing here asks it anything."""
    app = create_app(Settings(_env_file=None, **settings), "postgresql://nobody@127.0.0.1:9/none", "key")
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://localhost") as http:
        yield http


async def answers(http, host):
    response = await http.post("/graphql", json={"query": "{ __typename }"}, headers={"Host": host})
    return response.status_code == 200 and response.json()["data"] == {"__typename": "Query"}


LOOPBACK = ["localhost", "localhost:8002", "127.0.0.1", "127.0.0.1:8002", "[::1]", "[::1]:8002", "LOCALHOST"]
FOREIGN = [
    "evil.example",
    "evil.example:8002",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "evil.example:127.0.0.1",
    "127.0.0.2",
    "0.0.0.0",  # noqa: S104 - refused
    "[::2]",
    "",
    "localhost, evil.example",
]


@pytest.mark.parametrize("host", LOOPBACK)
async def test_loopbacks_names_are_served(host):
    async with program() as http:
        assert await answers(http, host)


@pytest.mark.parametrize("host", FOREIGN)
async def test_a_name_that_was_made_to_point_here_is_refused(host):
    async with program(allowed_hosts="api.example") as http:
        assert not await answers(http, host)
        assert (await http.get("/healthz", headers={"Host": host})).status_code == 400


async def test_hosts_of_the_settings_are_served():
    async with program(allowed_hosts="api.example, *.inner.example") as http:
        assert await answers(http, "api.example")
        assert await answers(http, "api.example:443")
        assert await answers(http, "a.inner.example")
        assert await answers(http, "localhost")
        assert not await answers(http, "www.api.example")


async def preflight(http, origin):
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    return await http.options("/graphql", headers=headers)


async def test_no_other_origin_may_call_by_default():
    async with program() as http:
        for origin in (FRIEND, "null", "http://localhost:3000"):
            assert (await preflight(http, origin)).status_code >= 400
            response = await http.post(
                "/graphql", json={"query": "{ __typename }"}, headers={"Origin": origin}
            )
            assert not [name for name in response.headers if name.startswith("access-control-allow-origin")]


async def test_origins_of_the_settings_may_call():
    async with program(allowed_origins=f"{FRIEND}, http://localhost:3000") as http:
        for origin in (FRIEND, "http://localhost:3000"):
            response = await preflight(http, origin)
            assert response.status_code == 200
            assert response.headers["Access-Control-Allow-Origin"] == origin
            response = await http.post(
                "/graphql", json={"query": "{ __typename }"}, headers={"Origin": origin}
            )
            assert response.headers["Access-Control-Allow-Origin"] == origin
            assert "x-request-id" in response.headers["Access-Control-Expose-Headers"].lower()
            assert "Access-Control-Allow-Credentials" not in response.headers
        for origin in (STRANGER, "null", "https://friend.example.evil.example"):
            response = await preflight(http, origin)
            assert response.status_code == 400
            assert "Access-Control-Allow-Origin" not in response.headers
