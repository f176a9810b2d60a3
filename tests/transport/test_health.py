"""`/health`, for anybody, and `/status`, for whoever may ask the query of that name."""

from importlib.metadata import version

import httpx2
import pytest

from app.asgi import create_app
from graphql_schema.schema import build_schema

PLACES = pytest.mark.parametrize("path", ["/health", "/healthz"])


@PLACES
async def test_health_names_version_uptime_and_database(reader, path):
    response = await reader.http.get(path)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    body = response.json()
    assert body.pop("uptimeSeconds") > 0
    assert body == {"status": "ok", "version": version("coherence"), "database": "ok"}


@PLACES
async def test_health_without_a_database_is_unavailable(config, path):
    app = create_app(config, "postgresql://nobody@127.0.0.1:9/none", "key")
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://127.0.0.1") as http:
        response = await http.get(path)
        status = await http.get("/status")
    assert response.status_code == 503
    body = response.json()
    assert (body["status"], body["database"]) == ("unavailable", "unavailable")
    assert body["version"] == version("coherence")
    assert status.status_code == 503
    assert status.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"


async def test_status_has_the_fields_of_the_query(client):
    await client.data(
        'mutation { createSignals(createConversations: true, signals: [{contextWindowId: "s"}]) { failedCount } }'
    )
    fields = set(build_schema()._schema.type_map["ServerStatus"].fields)
    asked = await client.data(f"{{ status {{ {' '.join(fields)} }} }}")
    told = (await client.http.get("/status")).json()
    assert told.keys() == fields
    moving = {"uptimeSeconds", "requestCount", "p95LatencyMs", "errorRate"}
    assert {name: told[name] for name in fields if name not in moving} == {
        name: asked["status"][name] for name in fields if name not in moving
    }
    assert told["uptimeSeconds"] >= asked["status"]["uptimeSeconds"]
    assert told["lastIngestAt"] is not None
