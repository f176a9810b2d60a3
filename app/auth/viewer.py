"""Who is asking, and what that allows."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, Self
from uuid import UUID

from app.users.models import Role


class Scope(Enum):
    """A part of the API."""

    INGEST = "INGEST"
    """To store signals, and no more."""
    READ = "READ"
    """Queries, subscriptions, charts; and metrics, of those who see everything."""
    ADMIN = "ADMIN"
    """Everything."""


ALL: Final = frozenset(Scope)

OF_ROLE: Final[Mapping[Role, frozenset[Scope]]] = {
    Role.EDUCATOR: frozenset({Scope.INGEST, Scope.READ}),
    Role.COACH: frozenset({Scope.READ}),
    Role.ADMIN: ALL,
}
"""As much as a user of that role can have, however they sign in."""


class Means(Enum):
    """How someone has told who they are."""

    NONE = "none"
    LOCAL = "local"
    """By reaching a server that asks nobody (COHERENCE_AUTH=local)."""
    SESSION = "session"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class Rights:
    """What someone may do and see: equal ones do and see the same, so that work can be shared among them."""

    role: Role | None
    """None of a machine that is no administrator, and of nobody."""
    scopes: frozenset[Scope]
    user_id: UUID | None
    """Whose own is what they see; None of administrators and machines, for whom that makes no difference."""

    @property
    def administrator(self) -> bool:
        return self.role is Role.ADMIN and Scope.ADMIN in self.scopes

    @property
    def everything(self) -> bool:
        """Whether what they do and see is everybody's: an administrator, or a machine."""
        return self.user_id is None and bool(self.scopes)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is asking."""

    means: Means
    user_id: UUID | None = None
    role: Role | None = None
    scopes: frozenset[Scope] = frozenset()
    credential: UUID | None = None
    """Id of the session or API key."""

    @property
    def rights(self) -> Rights:
        return Rights(self.role, self.scopes, None if self.role is Role.ADMIN else self.user_id)

    @property
    def administrator(self) -> bool:
        return self.rights.administrator

    @property
    def name(self) -> str:
        """As the audit log calls them."""
        if self.user_id is not None:
            return f"user:{self.user_id}"
        return f"key:{self.credential}" if self.means is Means.KEY else self.means.value

    @classmethod
    def with_rights(cls, rights: Rights) -> Self:
        """Any one of those who have them: for work that they share."""
        return cls(Means.NONE, rights.user_id, rights.role, rights.scopes)

    @classmethod
    def by_session(cls, session_id: UUID, user_id: UUID, role: Role) -> Self:
        return cls(Means.SESSION, user_id, role, OF_ROLE[role], session_id)

    @classmethod
    def by_key(cls, key_id: UUID, scopes: frozenset[Scope], user_id: UUID | None, role: Role | None) -> Self:
        """`role` is the user's; a machine's key that may do everything has an administrator's."""
        granted = ALL if Scope.ADMIN in scopes else scopes
        if user_id is None or role is None:
            return cls(Means.KEY, None, Role.ADMIN if granted == ALL else None, granted, key_id)
        return cls(Means.KEY, user_id, role, granted & OF_ROLE[role], key_id)


NOBODY: Final = Viewer(Means.NONE)
LOCAL: Final = Viewer(Means.LOCAL, role=Role.ADMIN, scopes=ALL)
PROGRAM: Final = LOCAL.rights
"""Of the program itself, and of whoever runs its commands: everything."""
