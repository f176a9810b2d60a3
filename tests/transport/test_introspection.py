"""COHERENCE_INTROSPECTION=administrators: others get neither the schema nor GraphiQL."""

import httpx2
import pytest

from app.auth import keys
from app.auth.viewer import Scope
from tests.transport.test_door import codes, post

FILTERED = "query($f: ConversationFilter) { conversations(filter: $f) { totalCount } }"
GUESSED = (
    ("{ statu { version } }", "'status'", {}),
    ("{ status { versio } }", "'version'", {}),
    ('{ node(id: "x") { username } }', "'User'", {}),
    ("query($a: Strin!) { conversation(by: {contextWindowId: $a}) { id } }", "'String'", {"a": "x"}),
    ("{ users(firs: 1) { totalCount } }", "'first'", {}),
    ("{ conversations(filter: {statu: ACTIVE}) { totalCount } }", "'status'", {}),
    ("{ conversations(filter: {status: ACTIV}) { totalCount } }", "'ACTIVE'", {}),
    (FILTERED, "'status'", {"f": {"statu": "ACTIVE"}}),
    (FILTERED, "'ACTIVE'", {"f": {"status": "ACTIV"}}),
)

ASKED = (
    "{ __schema { queryType { name } } }",
    '{ status { version } ... { x: __type(name: "User") { name } } }',
    'query { ...F } fragment F on Query { __type(name: "User") { name } }',
)


@pytest.mark.parametrize("query", ASKED)
async def test_the_schema_is_shown_to_administrators_alone(serve, database, query):
    async with serve(COHERENCE_AUTH="required", COHERENCE_INTROSPECTION="administrators") as place:
        for scope, shown in ((Scope.READ, False), (Scope.ADMIN, True)):
            _, token = await keys.create(database, "test", "probe", [scope])
            headers = {"Authorization": f"Bearer {token}"}
            body = (await post(place, query, headers)).json()
            assert ("errors" not in body) is shown
            assert shown or codes(body) == ["FORBIDDEN"]
            assert "errors" not in (await post(place, "{ status { __typename } }", headers)).json()
            async with httpx2.AsyncClient() as http:
                page = await http.get(f"http://{place}/graphql", headers=headers | {"Accept": "text/html"})
            assert page.status_code == (200 if shown else 404)


@pytest.mark.parametrize(("query", "name", "variables"), GUESSED)
async def test_who_may_not_see_the_schema_is_given_no_names_of_it(serve, database, query, name, variables):
    async with serve(COHERENCE_AUTH="required", COHERENCE_INTROSPECTION="administrators") as place:
        for scope, suggested in ((Scope.READ, False), (Scope.ADMIN, True)):
            _, token = await keys.create(database, "test", "probe", [scope])
            headers = {"Authorization": f"Bearer {token}"}
            (error,) = (await post(place, query, headers, variables=variables)).json()["errors"]
            assert error["extensions"]["code"] in {"GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT"}
            assert ("Did you mean" in error["message"]) is suggested, error
            assert (name in error["message"]) is suggested, error
