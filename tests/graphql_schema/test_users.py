"""Users: made, changed, deleted, found."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from graphql_schema.nodes import user_id

CREATE = """mutation($i: CreateUserInput!) { createUser(input: $i) { ...U } }
fragment U on User { id username name role isActive createdAt updatedAt lastLoginAt personalInformation { email phone address } }"""
UPDATE = CREATE.replace("$i: CreateUserInput!", "$id: ID!, $i: UpdateUserInput!").replace(
    "createUser(", "updateUser(id: $id, "
)

pytestmark = pytest.mark.as_everyone
DELETE = "mutation($id: ID!) { deleteUser(id: $id) { deletedId } }"


async def create(client, **values):
    return (await client.data(CREATE, i={"username": "ann"} | values))["createUser"]


async def update(client, user, **values):
    return (await client.data(UPDATE, id=user["id"], i=values))["updateUser"]


async def test_a_user_with_everything(client):
    before = datetime.now(UTC)
    user = await create(
        client, name="Ann Ü.", role="ADMIN", email="Ann@Example.org", phone="+49 1", address="Street 1\nTown"
    )
    times = [datetime.fromisoformat(user[name]) for name in ("createdAt", "updatedAt")]
    assert times[0] == times[1]
    assert before <= times[0] <= datetime.now(UTC)
    assert user == user | {
        "username": "ann",
        "name": "Ann Ü.",
        "role": "ADMIN",
        "isActive": True,
        "lastLoginAt": None,
        "personalInformation": {"email": "Ann@Example.org", "phone": "+49 1", "address": "Street 1\nTown"},
    }


async def test_a_user_with_a_name_alone(client):
    user = await create(client)
    assert (user["name"], user["role"]) == (None, "EDUCATOR")
    assert user["personalInformation"] == {"email": None, "phone": None, "address": None}
    user = await create(client, username="bob", name=None, email=None, phone=None, address=None)
    assert user["personalInformation"] == {"email": None, "phone": None, "address": None}


async def test_left_out_null_and_value_are_three_things(client):
    user = await create(client, name="Ann", email="a@b.c", phone="1", address="x", role="COACH")
    changed = await update(client, user, name=None, phone="2", email=None)
    assert (changed["name"], changed["role"]) == (None, "COACH")
    assert changed["personalInformation"] == {"email": None, "phone": "2", "address": "x"}
    assert changed["updatedAt"] > user["updatedAt"]
    assert changed["createdAt"] == user["createdAt"]
    changed = await update(client, user, isActive=False, role="ADMIN")
    assert (changed["isActive"], changed["role"]) == (False, "ADMIN")
    assert changed["personalInformation"]["phone"] == "2"
    unchanged = await update(client, user)
    assert {**unchanged, "updatedAt": None} == {**changed, "updatedAt": None}


@pytest.mark.parametrize("field", ["role", "isActive"])
async def test_null_for_what_cannot_be_null(client, field):
    user = await create(client)
    literal = f'mutation {{ updateUser(id: "{user["id"]}", input: {{{field}: null}}) {{ id }} }}'
    for error in (
        await client.error(UPDATE, id=user["id"], i={field: None}),
        await client.error(literal),
    ):
        assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": field}
        assert field in error["message"]


async def test_another_users_name_or_email_in_any_case_is_a_conflict(client, pg):
    await create(client, email="Ann@Example.org")
    other = await create(client, username="bob", email="bob@example.org")
    for values, field in [
        ({"username": "ann"}, "username"),
        ({"username": "ANN"}, "username"),
        ({"username": "new", "email": "ann@example.ORG"}, "email"),
    ]:
        error = await client.error(CREATE, i=values)
        assert error["extensions"] == {"code": "CONFLICT", "field": field}
    error = await client.error(UPDATE, id=other["id"], i={"email": "ANN@example.org"})
    assert error["extensions"] == {"code": "CONFLICT", "field": "email"}
    assert (await update(client, other, email="BOB@example.org"))["personalInformation"]["email"]
    assert await pg.fetchval("SELECT count(*) FROM users") == 2


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"username": ""}, "username"),
        ({"username": "x" * 256}, "username"),
        ({"name": ""}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"email": ""}, "email"),
        ({"email": "x" * 1_001}, "email"),
        ({"phone": "x" * 1_001}, "phone"),
        ({"address": "x" * 1_001}, "address"),
        ({"role": None}, "role"),
    ],
)
async def test_values_that_no_user_has(reader, values, field):
    error = await reader.error(CREATE, i={"username": "ann"} | values)
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": field}


async def test_the_longest_values_and_any_script_are_kept(client):
    values = {
        "username": "\U0001f600" * 255,
        "name": "ß" * 255,
        "email": f"{'é' * 32}@{'d' * 63}.{'d' * 63}.{'d' * 56}.ex",
        "address": "漢" * 1_000,
    }
    user = await create(client, **values)
    assert (user["username"], user["name"]) == (values["username"], values["name"])
    assert user["personalInformation"]["email"] == values["email"]


@pytest.mark.parametrize("document", [UPDATE, DELETE])
async def test_who_is_not_there_is_not_found(reader, document):
    variables = {"i": {}} if document is UPDATE else {}
    error = await reader.error(document, id=user_id(uuid4()), **variables)
    assert error["extensions"] == {"code": "NOT_FOUND", "field": "id"}


async def test_a_user_goes_with_all_that_is_theirs_and_nothing_else(client, pg):
    users = [await create(client, username=name) for name in ("ann", "bob")]
    for user in [*users, None]:
        key = user["username"] if user else "nobody"
        await client.data(
            """mutation($i: CreateConversationInput!, $s: [SignalInput!]!) {
              createConversation(input: $i) { id } createSignals(signals: $s) { totalCount } }""",
            i={"contextWindowId": key, "userId": user and user["id"]},
            s=[
                {"contextWindowId": key, "timestamp": f"2026-01-0{n + 1}T00:00:00Z", "userId": "ann"}
                for n in range(3)
            ],
        )
    assert await client.data(DELETE, id=users[0]["id"]) == {"deleteUser": {"deletedId": users[0]["id"]}}
    left = {
        table: await pg.fetchval(f"SELECT count(*) FROM {table}")
        for table in ("users", "conversations", "conversation_activity", "signals")
    }
    assert left == {"users": 1, "conversations": 2, "conversation_activity": 2, "signals": 6}
    for table in ("signal_rollup_5m", "signal_rollup_1h"):
        assert await pg.fetchval(f"SELECT sum(n) FROM {table}") == 6
    data = await client.data(
        "{ users { totalCount } conversations { totalCount } coherence { totalSignalCount } }"
    )
    assert data == {
        "users": {"totalCount": 1},
        "conversations": {"totalCount": 2},
        "coherence": {"totalSignalCount": 6},
    }
    assert (await client.error(DELETE, id=users[0]["id"]))["extensions"]["code"] == "NOT_FOUND"


async def found(client, **wanted):
    data = await client.data(
        "query($f: UserFilter) { users(filter: $f) { totalCount edges { node { username } } } }", f=wanted
    )
    names = [edge["node"]["username"] for edge in data["users"]["edges"]]
    assert data["users"]["totalCount"] == len(names)
    return names


async def test_filters(client):
    for values in (
        {"username": "Ann", "name": "100% sure", "role": "ADMIN"},
        {"username": "a_n", "name": "back\\slash", "role": "COACH"},
        {"username": "bob", "name": "ANNika", "role": "COACH"},
    ):
        await create(client, **values)
    bob = (await client.data('{ user(by: {username: "BOB"}) { id } }'))["user"]
    await update(client, bob, isActive=False)

    assert await found(client) == ["Ann", "a_n", "bob"]
    assert await found(client, search="ann") == ["Ann", "bob"]
    assert await found(client, search="ANN", role="COACH") == ["bob"]
    assert await found(client, search="%") == ["Ann"]
    assert await found(client, search="_") == ["a_n"]
    assert await found(client, search="\\") == ["a_n"]
    assert await found(client, search="a%n") == []
    assert await found(client, search="") == ["Ann", "a_n", "bob"]
    assert await found(client, role="COACH") == ["a_n", "bob"]
    assert await found(client, isActive=False) == ["bob"]
    assert await found(client, isActive=True, role="COACH") == ["a_n"]
    assert await found(client, search=None, role=None, isActive=None) == ["Ann", "a_n", "bob"]


async def test_one_user_by_id_or_by_name_in_any_case(client):
    user = await create(client, username="Ann")
    for by in ({"id": user["id"]}, {"username": "Ann"}, {"username": "aNN"}):
        data = await client.data("query($by: UserBy!) { user(by: $by) { username } }", by=by)
        assert data == {"user": {"username": "Ann"}}
    for by in ({"id": user_id(uuid4())}, {"username": "An"}, {"username": "%"}, {"username": ""}):
        assert await client.data("query($by: UserBy!) { user(by: $by) { username } }", by=by) == {
            "user": None
        }
    assert (await client.data('{ a: user(by: {username: "ann"}) { username } }'))["a"]
