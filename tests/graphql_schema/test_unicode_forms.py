"""A name is one name however its letters are composed; names of people and searches, in any case too."""

import json
from datetime import UTC, datetime
from io import BytesIO
from unicodedata import normalize

import pytest

from app.auth.viewer import PROGRAM
from app.dead_letters.payloads import Item
from app.signals.export import Wanted, export
from app.upstream.rows import signal_of
from tests.app.signals.importing import load, signal, written

NFC, NFD = normalize("NFC", "Mu\u0308nchen/\u00c5se"), normalize("NFD", "Mu\u0308nchen/\u00c5se")
assert NFC != NFD

CREATE_USER = "mutation($i: CreateUserInput!) { createUser(input: $i) { id } }"
OPEN = "mutation($n: String!, $t: String) { createConversation(input: {contextWindowId: $n, title: $t}) { id contextWindowId } }"
SEND = "mutation($s: SignalInput!) { createSignal(input: $s) { contextWindowId } }"
SEND_MANY = """mutation($s: [SignalInput!]!, $o: Boolean!) {
    createSignals(signals: $s, createConversations: $o) { results { error { message } } }
}"""
BY_NAME = "query($n: String!) { conversation(by: {contextWindowId: $n}) { contextWindowId signalCount } }"


@pytest.fixture(params=["planned", "executed"])
def way(request):
    if request.param == "executed":
        request.getfixturevalue("executed")


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(
    ("taken", "asked"),
    [
        ("No\u00e9mie", "Noe\u0301mie"),
        ("Noe\u0301mie", "NO\u00c9MIE"),
        ("\uff2b\uff41\uff49", "kai"),
        ("Nikos \u039f\u0394\u039f\u03a3", "nikos \u03bf\u03b4\u03bf\u03c2"),
        ("Gro\u00dfmann", "GROSSMANN"),
    ],
)
async def test_a_username_is_one_user_s_in_any_form(client, taken, asked):
    made = (await client.data(CREATE_USER, i={"username": taken, "role": "EDUCATOR"}))["createUser"]
    error = await client.error(CREATE_USER, i={"username": asked, "role": "EDUCATOR"})
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("CONFLICT", "username")
    found = await client.data("query($n: String!) { user(by: {username: $n}) { id username } }", n=asked)
    assert found["user"] == {**made, "username": taken}


async def test_the_name_of_one_who_goes_is_their_namesakes_and_nobody_new_s(client, pg):
    """Namesakes are of before forms were compared."""
    names = ["No\u00e9mie", "Noe\u0301mie", "\uff2eo\u00e9mie"]
    await pg.execute(
        "INSERT INTO users (username, role, namesake) SELECT name, 'EDUCATOR', n - 1"
        " FROM unnest($1::text[]) WITH ORDINALITY AS u(name, n)",
        names,
    )
    find = "query($n: String!) { user(by: {username: $n}) { id username } }"
    for gone, left in ((names[0], names[1]), (names[1], names[2])):
        found = (await client.data(find, n=gone))["user"]
        assert found["username"] == gone
        await client.data("mutation($id: ID!) { deleteUser(id: $id) { deletedId } }", id=found["id"])
        assert (await client.data(find, n=gone))["user"]["username"] == left
        error = await client.error(CREATE_USER, i={"username": left, "role": "EDUCATOR"})
        assert error["extensions"]["code"] == "CONFLICT"


@pytest.mark.parametrize("asked", ["ZO\u00cb@example.org", "zoe\u0308@example.org"])
async def test_an_e_mail_is_one_user_s_in_any_form(client, asked):
    await client.data(CREATE_USER, i={"username": "a", "role": "COACH", "email": "zo\u00eb@example.org"})
    error = await client.error(CREATE_USER, i={"username": "b", "role": "COACH", "email": asked})
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("CONFLICT", "email")


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(
    ("stored", "part"),
    [
        ("Anne Rene\u0301e", "REN\u00c9E"),
        ("Anne Ren\u00e9e", "rene\u0301"),
        ("\u039b\u039f\u0393\u039f\u03a3", "\u03bb\u03cc\u03b3\u03bf\u03c2".replace("\u03cc", "\u03bf")),
        ("\u03bb\u03bf\u03b3\u03bf\u03c2", "\u039b\u039f\u0393\u039f\u03a3"),
        ("Stra\u00dfe 5", "STRASSE"),
        ("o\ufb03ce", "office"),
        ("100\uff05 sure", "0% s"),
        ("plain_text", "N_T"),
    ],
)
async def test_searches_find_any_form(client, stored, part):
    await client.data(CREATE_USER, i={"username": "u", "name": stored, "role": "EDUCATOR"})
    await client.data(OPEN, n="title", t=stored)
    await client.data(OPEN, n=f"{stored} key", t=None)
    await client.data(CREATE_USER, i={"username": "other", "role": "EDUCATOR"})
    await client.data(OPEN, n="other", t="else")
    query = """query($p: String!) {
        users(filter: {search: $p}) { totalCount } conversations(filter: {search: $p}) { totalCount }
    }"""
    found = await client.data(query, p=part)
    assert (found["users"]["totalCount"], found["conversations"]["totalCount"]) == (1, 2)


@pytest.mark.usefixtures("way")
async def test_a_conversation_s_name_is_nfc_wherever_it_comes_in(client):
    made = (await client.data(OPEN, n=NFD, t=None))["createConversation"]
    assert made["contextWindowId"] == NFC
    assert (await client.error(OPEN, n=NFC, t=None))["extensions"]["code"] == "CONFLICT"
    assert await client.data(OPEN, n=NFC.upper(), t=None), "its case is kept"
    assert (await client.data(SEND, s={"contextWindowId": NFD}))["createSignal"]["contextWindowId"] == NFC
    for opens in (False, True):
        sent = [{"contextWindowId": name} for name in (NFD, NFC)]
        results = (await client.data(SEND_MANY, s=sent, o=opens))["createSignals"]["results"]
        assert [result["error"] for result in results] == [None, None]
    lines = "".join(json.dumps({"contextWindowId": name}) + "\n" for name in (NFC, NFD))
    answer = await client.http.post(
        "/ingest", content=lines, headers={"Content-Type": "application/x-ndjson"}
    )
    assert answer.status_code == 200, answer.text
    for name in (NFC, NFD):
        by_id = await client.data("query($n: ID!) { conversation(by: {id: $n}) { contextWindowId } }", n=name)
        assert by_id["conversation"]["contextWindowId"] == NFC
        assert (await client.data(BY_NAME, n=name))["conversation"] == {
            "contextWindowId": NFC,
            "signalCount": 7,
        }
        buckets = await client.data(
            "query($n: String) { signalBuckets(contextWindowId: $n) { totalCount } }", n=name
        )
        assert sum(bucket["totalCount"] for bucket in buckets["signalBuckets"]) == 7
        chart = await client.http.get("/charts/drift.svg", params={"conversation": name})
        assert chart.status_code == 200
    assert (await client.data("{ conversations { totalCount } }"))["conversations"]["totalCount"] == 2


async def test_a_batch_opens_one_conversation_for_all_forms_of_its_name(client):
    sent = [{"contextWindowId": name} for name in (NFD, NFC, NFD)]
    await client.data(SEND_MANY, s=sent, o=True)
    assert (await client.data(BY_NAME, n=NFD))["conversation"] == {"contextWindowId": NFC, "signalCount": 3}


async def test_files_and_messages_name_conversations_in_nfc(database, pg, tmp_path):
    rows = [signal("one", contextWindowId=NFD), signal("two", contextWindowId=NFC)]
    await load(database, written(tmp_path / "signals.jsonl", *rows))
    assert await pg.fetchval("SELECT array_agg(context_window_id) FROM conversations") == [NFC]
    message = Item.of("kafka:t/0/1", datetime.now(UTC), json.dumps(rows[0]).encode())
    assert message.conversation == NFC
    pulled = signal_of({"timestamp": "2026-03-01T00:00:00Z", "coherenceScore": 50, "signal": NFD})
    assert pulled.context_window_id == f"darshan:{NFC}"
    exported = BytesIO()
    assert await export(database, PROGRAM, Wanted((NFD,)), exported, "jsonl", actor="a test") == 2
