"""Pages of other sites get nothing from this server but what its settings allow."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest

from app.asgi import create_app
from app.serving import config as serving_config
from app.settings import Settings
from app.signals.classify import KEYWORDS

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


async def preflight(http, origin, asked="content-type"):
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": asked,
    }
    return await http.options("/graphql", headers=headers)


async def test_no_other_origin_may_call_by_default():
    async with program() as http:
        for origin in (FRIEND, "null", "http://localhost:3000"):
            assert (await preflight(http, origin)).status_code >= 400
            response = await http.post(
                "/graphql", json={"query": "{ __typename }"}, headers={"Origin": origin}
            )
            assert response.status_code == 403
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


TRACING = "content-type,traceparent,baggage,apollo-require-preflight,x-apollo-operation-name,last-event-id"


async def test_an_allowed_origin_may_send_any_header():
    async with program(allowed_origins=FRIEND) as http:
        answer = await preflight(http, FRIEND, TRACING)
        assert answer.status_code == 200
        assert answer.headers["Access-Control-Allow-Headers"] == TRACING
        assert (await preflight(http, STRANGER, TRACING)).status_code == 400


async def test_a_setting_says_which_headers_they_are():
    async with program(allowed_origins=FRIEND, allowed_headers="TraceParent, x-mine") as http:
        for asked in ("traceparent", "x-mine,authorization,content-type,x-request-id"):
            assert (await preflight(http, FRIEND, asked)).status_code == 200
        assert (await preflight(http, FRIEND, "traceparent,baggage")).status_code == 400


async def test_cookies_of_an_allowed_origin_count_where_one_signs_in():
    async with program(allowed_origins=FRIEND, auth="required") as http:
        for answer in (
            await preflight(http, FRIEND),
            await http.get("/health", headers={"Origin": FRIEND}),
        ):
            assert answer.headers["Access-Control-Allow-Credentials"] == "true"
            assert answer.headers["Access-Control-Allow-Origin"] == FRIEND
        answer = await http.get("/health", headers={"Origin": STRANGER})
        assert "Access-Control-Allow-Origin" not in answer.headers


async def test_origins_and_hosts_are_read_as_they_are_meant():
    async with program(
        allowed_origins="HTTPS://Friend.example:443/, http://localhost:3000/",
        allowed_hosts="Api.Example., ::2",
    ) as http:
        for origin in (FRIEND, "http://localhost:3000"):
            assert (await preflight(http, origin)).status_code == 200
        for host in ("api.example", "[::2]:8002"):
            assert await answers(http, host)


@pytest.mark.parametrize(
    ("variable", "values"),
    [
        (
            "COHERENCE_ALLOWED_ORIGINS",
            ["https://*.example.org", "*", "null", "localhost:3000", "https://a.example/path", "https://["],
        ),
        (
            "COHERENCE_ALLOWED_HOSTS",
            ["ex.org:8443", "https://ex.org", "ex.*.org", "*ex.org", "ex.org/", "a b"],
        ),
        ("COHERENCE_ALLOWED_HEADERS", ["a b", "x-mine:"]),
        ("COHERENCE_PUBLIC_URL", ["https://a.example/path", "a.example", "https://a:x"]),
        ("FORWARDED_ALLOW_IPS", ["10.0.0.0/33", "proxy.example", "10.0.0.1:80"]),
        ("COHERENCE_DATABASE_URL", ["127.0.0.1/coherence", "mysql://127.0.0.1/coherence"]),
        ("COHERENCE_DATABASE_READ_URL", ["replica.example"]),
        ("COHERENCE_IMPORT_URL", ["sqlite:///chats.db"]),
        ("COHERENCE_REDIS_URL", ["localhost:6379", "http://localhost:6379"]),
        ("HOST", ["localhost:8002", "http://0.0.0.0"]),
        ("COHERENCE_DATA_DIR", ["~nobody-of-that-name/data"]),
    ],
)
def test_what_can_match_nothing_is_refused_by_name(variable, values):
    for value in values:
        with pytest.raises(ValueError, match=variable):
            Settings(_env_file=None, **{variable: value})


def test_a_secret_that_is_refused_is_not_shown():
    for variable in ("COHERENCE_DATABASE_URL", "COHERENCE_REDIS_URL"):
        with pytest.raises(ValueError, match=variable) as refusal:
            Settings(_env_file=None, **{variable: "me:pass7word@host"})
        assert "pass7word" not in str(refusal.value)


def test_a_network_of_proxies_is_named_by_any_address_of_it():
    given = Settings(_env_file=None, FORWARDED_ALLOW_IPS="10.1.2.3/8, ::1,172.30.83.2")
    assert given.forwarded_allow_ips == ("10.0.0.0/8", "::1", "172.30.83.2")
    assert serving_config(None, given).forwarded_allow_ips == ["10.0.0.0/8", "::1", "172.30.83.2"]


def test_a_home_folder_is_one_in_every_path(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "words.toml").write_bytes(KEYWORDS.read_bytes())
    (tmp_path / "documents.json").write_text("{}")
    given = Settings(
        _env_file=None,
        COHERENCE_DATA_DIR="~/data",
        COHERENCE_KEYWORDS="~/words.toml",
        COHERENCE_TRUSTED_DOCUMENTS="~/documents.json",
        MOCK_PATH="~/mock.json",
        KAFKA_CONFIG="~/kafka",
    )
    for path in (
        given.data_dir,
        given.keywords,
        given.trusted_documents,
        given.mock_path,
        given.kafka_config,
    ):
        assert path.parent == tmp_path


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"COHERENCE_GOOGLE_CLIENT_ID": "a"}, "COHERENCE_GOOGLE_CLIENT_SECRET"),
        ({"COHERENCE_CLEVER_CLIENT_SECRET": "a"}, "COHERENCE_CLEVER_CLIENT_ID"),
        ({"COHERENCE_OIDC_ISSUER": "https://a.example"}, "COHERENCE_OIDC_CLIENT_ID"),
    ],
)
def test_half_a_provider_is_refused(given, missing):
    with pytest.raises(ValueError, match=missing):
        Settings(_env_file=None, COHERENCE_AUTH="required", **given)
