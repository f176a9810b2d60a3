"""Users are written as asked, and never twice by the same name or e-mail."""

import asyncio
from uuid import uuid4

import pytest

from app.auth.viewer import PROGRAM
from app.database.paging import Page
from app.errors import BadUserInput, Conflict, NotFound
from app.users import queries
from app.users.models import Role
from app.users.queries import UserFilter
from tests.app.users.test_encryption import personal


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ada@example.org", "ADA@example.ORG"),
        ("émile@exämple.org", "ÉMILE@EXÄMPLE.ORG"),
        ("ЖЕНЯ@пример.рф", "женя@ПРИМЕР.РФ"),
        ("σγ@example.org", "ΣΓ@example.org"),  # noqa: RUF001
    ],
)
async def test_an_e_mail_is_one_user_s_in_any_case(services, pg, one, other):
    first = await services.users.create(username="first", email=one)
    second = await services.users.create(username="second", email="second@example.org")
    for write in (
        services.users.create(username="third", email=other),
        services.users.update(second.id, {"email": other}),
    ):
        with pytest.raises(Conflict) as refused:
            await write
        assert refused.value.field == "email"
    assert await pg.fetchval("SELECT count(*) FROM users") == 2
    await services.users.update(first.id, {"email": other})
    await services.users.update(first.id, {"email": None})
    await services.users.update(second.id, {"email": one})
    assert (await personal(services, second.id))["email"] == one


@pytest.mark.parametrize(("one", "other"), [("Ada", "aDA"), ("Émile", "éMILE"), ("Женя", "ЖЕНЯ")])
async def test_a_username_is_one_user_s_in_any_case(services, one, other):
    first = await services.users.create(username=one)
    with pytest.raises(Conflict) as refused:
        await services.users.create(username=other, email="other@example.org")
    assert refused.value.field == "username"
    async with services.database.read() as connection:
        assert await queries.id_of(connection, PROGRAM, other) == first.id
        assert await queries.id_of(connection, PROGRAM, other + "x") is None
    await services.users.create(username="free", email="other@example.org")


async def test_of_many_who_take_a_name_at_once_one_gets_it(services, pg):
    writes = [services.users.create(username=f"{'aA'[i % 2]}da", email=f"{i}@example.org") for i in range(10)]
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    assert sorted(isinstance(outcome, Conflict) for outcome in outcomes) == [False] + [True] * 9
    assert await pg.fetchval("SELECT count(*) FROM users") == 1


async def test_what_is_left_out_of_a_change_stays_and_none_clears(services):
    plain = {"email": "a@example.org", "phone": "1", "address": "here"}
    user = await services.users.create(username="ada", name="Ada", role=Role.COACH, **plain)
    assert (user.username, user.name, user.role, user.is_active) == ("ada", "Ada", "COACH", True)
    assert user.created_at == user.updated_at

    changed = await services.users.update(user.id, {"role": Role.ADMIN, "is_active": False})
    assert (changed.name, changed.role, changed.is_active) == ("Ada", "ADMIN", False)
    assert changed.updated_at > user.updated_at
    assert changed.created_at == user.created_at
    assert await personal(services, user.id) == plain

    changed = await services.users.update(user.id, {"name": None, "phone": None})
    assert (changed.name, changed.role) == (None, "ADMIN")
    assert await personal(services, user.id) == plain | {"phone": None}
    await services.users.update(user.id, {})
    await services.users.update(user.id, dict.fromkeys(plain))
    assert set((await personal(services, user.id)).values()) == {None}


@pytest.mark.parametrize(("field", "label"), [("role", "role"), ("is_active", "isActive")])
async def test_what_must_be_there_cannot_be_cleared(services, field, label):
    user = await services.users.create(username="ada")
    with pytest.raises(BadUserInput, match=f"{label} cannot be null") as refused:
        await services.users.update(user.id, {field: None})
    assert refused.value.field == label


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", ""),
        ("username", "x" * 256),
        ("username", "a\0"),
        ("name", ""),
        ("name", "\ud800"),
        ("email", ""),
        ("phone", "\0"),
        ("address", "x" * 1_001),
    ],
)
async def test_what_cannot_be_stored_is_refused_by_name(services, pg, field, value):
    with pytest.raises(BadUserInput) as refused:
        await services.users.create(**({"username": "ada"} | {field: value}))
    assert refused.value.field == field
    assert await pg.fetchval("SELECT count(*) FROM users") == 0


async def test_the_longest_values_fit(services):
    user = await services.users.create(username="🦉" * 255, name="🦉" * 255, address="🦉" * 1_000)
    assert (await personal(services, user.id))["address"] == "🦉" * 1_000
    longest = f"{'ü' * 32}@{'d' * 63}.{'d' * 63}.{'d' * 56}.ex"
    user = await services.users.create(username="b", email=longest)
    assert (await personal(services, user.id))["email"] == longest


async def test_a_user_who_is_not_there_is_not_found(services):
    for write in (services.users.update(uuid4(), {"name": "x"}), services.users.delete(uuid4())):
        with pytest.raises(NotFound) as refused:
            await write
        assert refused.value.field == "id"


async def test_a_deleted_user_takes_the_conversations_along_and_nobody_else_s(services, pg):
    users = [await services.users.create(username=str(i)) for i in range(2)]
    conversations = services.conversations
    kept = [(await conversations.create(PROGRAM, user_id=owner)).id for owner in (users[1].id, None)]
    for _ in range(2):
        await conversations.create(PROGRAM, user_id=users[0].id)
    await services.users.delete(users[0].id)
    assert {row[0] for row in await pg.fetch("SELECT id FROM conversations")} == set(kept)
    assert await pg.fetchval("SELECT id FROM users") == users[1].id


async def test_filters_and_search(services):
    await services.users.create(username="ada_o", name="Ada O'Brien", role=Role.COACH)
    await services.users.create(username="adaXo", name="50% Émile")
    quiet = await services.users.create(username="third")
    await services.users.update(quiet.id, {"is_active": False})

    async def found(**wanted):
        async with services.database.read() as connection:
            rows = (await queries.page(connection, PROGRAM, UserFilter(**wanted), Page(10))).rows
            assert await queries.count(connection, PROGRAM, UserFilter(**wanted)) == len(rows)
        return [row.username for row in rows]

    assert await found() == ["ada_o", "adaXo", "third"]
    assert await found(search="A_O") == ["ada_o"]
    assert await found(search="50%") == ["adaXo"]
    assert await found(search="ÉMIL") == ["adaXo"]
    assert await found(search="o'b") == ["ada_o"]
    assert await found(search="\\") == []
    assert await found(role=Role.EDUCATOR, is_active=True) == ["adaXo"]
    assert await found(is_active=False) == ["third"]


SEEN = ["ada", "Ada L.", "o'neil", "ада", "李小龍", "a-b_c.d@school.example", "🦉"]
UNSEEN = ["   ", "\t", "\u200b", "\u3000", "\u00ad\u200d", " ada", "ada ", "ada\n", "a\x1b[2Jb", "a\u2028b"]


@pytest.mark.parametrize("username", SEEN)
async def test_names_that_can_be_seen_are_taken(services, username):
    assert (await services.users.create(username=username, name=username)).username == username


@pytest.mark.parametrize("value", UNSEEN, ids=ascii)
async def test_names_that_cannot_be_seen_are_refused(services, pg, value):
    user = await services.users.create(username="ada", name="Ada")
    for field, write in (
        ("username", services.users.create(username=value)),
        ("name", services.users.create(username="b", name=value)),
        ("name", services.users.update(user.id, {"name": value})),
    ):
        with pytest.raises(BadUserInput, match=f"^{field} (is blank|has blanks|holds a control)") as refused:
            await write
        assert refused.value.field == field
    assert await pg.fetchval("SELECT string_agg(username || name, ',') FROM users") == "adaAda"


@pytest.mark.parametrize("username", ["a\u200bda", "a\u202eda"], ids=ascii)
async def test_a_username_has_no_letter_that_hides(services, username):
    with pytest.raises(BadUserInput, match="cannot be seen"):
        await services.users.create(username=username)


@pytest.mark.parametrize(
    "email",
    [
        "ada@example.org",
        "A.B+c@sub.example.co",
        "o'neil@x.io",
        "ü@bücher.example",
        "a_b-c@1-2.example",
        "{1}@a.b",
    ],
)
async def test_addresses_are_taken_as_they_are(services, email):
    user = await services.users.create(username="u", email=email)
    assert (await personal(services, user.id))["email"] == email


@pytest.mark.parametrize(
    "email",
    [
        "not an email", "ada", "@", "ada@", "@example.org", "ada@example", "ada@@example.org", "a@b@c.d",
        "ada@example..org", "ada@.example.org", "ada@example.org.", "ada@-example.org", "ada@exa_mple-.org",
        ".ada@example.org", "a..da@example.org", "ada.@example.org", "a da@example.org", " ada@example.org",
        "ada@example.org\n", "ada@exam ple.org", "Ada <ada@example.org>", "ada@example.org, bob@example.org",
        "\u200bada@example.org", f"{'a' * 65}@example.org", f"ada@{'d' * 64}.org", f"a@{'d.' * 127}org",
    ],
)  # fmt: skip
async def test_what_is_no_address_is_refused(services, email):
    user = await services.users.create(username="u")
    for write in (
        services.users.create(username="v", email=email),
        services.users.update(user.id, {"email": email}),
    ):
        with pytest.raises(BadUserInput, match=r"^email is no e-mail address: ") as refused:
            await write
        assert refused.value.field == "email"
    assert (await personal(services, user.id))["email"] is None
