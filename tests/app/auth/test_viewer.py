"""What a viewer's role and key allow."""

from uuid import uuid4

import pytest

from app.auth.viewer import ALL, LOCAL, NOBODY, Means, Scope, Viewer
from app.users.models import Role

READ, INGEST, ADMIN = frozenset({Scope.READ}), frozenset({Scope.INGEST}), frozenset({Scope.ADMIN})


@pytest.mark.parametrize(
    ("role", "granted", "has"),
    [
        (None, READ, READ),
        (None, ADMIN, ALL),
        (Role.ADMIN, ADMIN, ALL),
        (Role.ADMIN, INGEST, INGEST),
        (Role.EDUCATOR, ADMIN, READ | INGEST),
        (Role.COACH, READ, READ),
    ],
)
def test_a_key_gives_no_more_than_its_scopes_and_no_more_than_its_user_has(role, granted, has):
    viewer = Viewer.by_key(uuid4(), granted, uuid4() if role else None, role)
    assert viewer.scopes == has
    assert viewer.administrator == (has == ALL)


def test_an_administrators_key_to_read_is_no_administrators():
    viewer = Viewer.by_key(uuid4(), READ, uuid4(), Role.ADMIN)
    assert not viewer.administrator
    assert viewer.rights != Viewer.by_session(uuid4(), uuid4(), Role.ADMIN).rights


def test_work_is_shared_by_those_with_equal_rights_and_tells_of_none_of_them():
    one, other = (Viewer.by_session(uuid4(), uuid4(), Role.ADMIN) for _ in range(2))
    assert one != other
    assert one.rights == other.rights == LOCAL.rights
    assert len({one.rights, other.rights}) == 1
    anyone = Viewer.with_rights(one.rights)
    assert (anyone.user_id, anyone.credential, anyone.rights) == (None, None, one.rights)
    educators = [Viewer.by_session(uuid4(), uuid4(), Role.EDUCATOR) for _ in range(2)]
    assert educators[0].rights != educators[1].rights


def test_nobody_may_nothing():
    assert NOBODY.scopes == frozenset()
    assert not NOBODY.administrator
    assert NOBODY.means is Means.NONE
