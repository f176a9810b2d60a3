"""Clients that nobody here wrote, against a real server."""

import asyncio
import json
import shutil
import sys
from pathlib import Path

import pytest
from gql import Client, GraphQLRequest
from gql.transport.requests import RequestsHTTPTransport

FOLDER = Path(__file__).parent
SCHEMA = Path(__file__).parents[3] / "graphql_schema" / "schema.graphql"
NODE = shutil.which("node", path=str(Path(sys.executable).parent))

pytestmark = pytest.mark.skipif(
    NODE is None or not (FOLDER / "node_modules").is_dir(),
    reason="npm ci has not run in tests/transport/clients: make test",
)

OPEN = """mutation {
  createSignals(signals: [{contextWindowId: "watched"}], createConversations: true) { successfulCount }
}"""


@pytest.fixture
async def watched(live):
    """Address of the API of a server with one conversation."""
    transport = RequestsHTTPTransport(f"http://{live}/graphql")
    await asyncio.to_thread(Client(transport=transport).execute, GraphQLRequest(OPEN))
    return f"http://{live}/graphql"


async def run(script, *arguments):
    """What the script has written, as JSON."""
    process = await asyncio.create_subprocess_exec(
        NODE, FOLDER / script, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(60):
        written, complaints = await process.communicate()
    assert process.returncode == 0, complaints.decode()
    return json.loads(written)


async def test_apollo_client(watched):
    said = await run("apollo.mjs", watched)
    assert said["persisted"] == {"conversations": {"__typename": "ConversationConnection", "totalCount": 1}}
    first, with_document, *named = said["bodies"]
    assert "query" not in first
    assert "query" in with_document
    assert len(named) == 2  # a request each from then on
    assert all("query" not in body for body in named)
    assert said["batched"] == [["conversations"], ["status"]]
    assert said["requests"] == [2]
    assert "text/event-stream" in said["subscription"]
    assert "WebSocket" in said["subscription"]


async def test_urql(watched):
    said = await run("urql.mjs", watched)
    assert said["first"]["conversations"]["totalCount"] == said["again"]["conversations"]["totalCount"] == 1
    assert said["events"] == [0, 1]


async def test_graphql_tools(watched):
    said = await run("tools.mjs", watched)
    assert said == {"query": {"conversations": {"totalCount": 1}}, "events": [0, 1]}


async def test_relay(watched):
    said = await run("relay.mjs", watched, SCHEMA)
    id_ = said["before"]["conversation"]["id"]
    assert said["answer"] == {"deleteConversation": {"deletedId": id_}}
    assert said["inStore"] is None
    assert said["after"] == {"conversation": None}
    assert said["warnings"] == []


async def test_gql(watched):
    client = Client(transport=RequestsHTTPTransport(watched), fetch_schema_from_transport=True)
    count = GraphQLRequest("query Count { conversations { totalCount } }")
    name = GraphQLRequest(
        "query Named($key: String!) { conversation(by: {contextWindowId: $key}) { signalCount } }",
        variable_values={"key": "watched"},
    )
    found = await asyncio.to_thread(client.execute_batch, [count, name])
    assert found == [{"conversations": {"totalCount": 1}}, {"conversation": {"signalCount": 1}}]
