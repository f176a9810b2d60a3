"""Documents that a request names by their hash: trusted ones, and those that clients have registered."""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, Final, Self

from graphql import GraphQLError
from strawberry.extensions import SchemaExtension

from app import documents
from app.errors import Forbidden
from app.persisted_queries import PersistedQueries, sha256
from app.settings import Settings
from graphql_schema.errors import of_refused


class StandIn(str):
    """Runs in place of a document that is not to be had, up to where it is refused with `code`."""

    __slots__ = ("code", "message")

    code: str
    message: str

    def __new__(cls, code: str, message: str) -> Self:
        self = super().__new__(cls, "{ __typename }")
        self.code, self.message = code, message
        return self


class Offered(str):
    """A document that came with its hash, and is registered once it may run."""

    __slots__ = ()


# In these words: clients look for them. After the first one they send the document itself, after the second no hashes.
_NOT_FOUND: Final = StandIn(code="PERSISTED_QUERY_NOT_FOUND", message="PersistedQueryNotFound")
_NOT_SUPPORTED: Final = StandIn(code="PERSISTED_QUERY_NOT_SUPPORTED", message="PersistedQueryNotSupported")
_NOT_ITS_HASH: Final = StandIn(
    "BAD_USER_INPUT",
    "extensions.persistedQuery.sha256Hash is not the SHA-256 of the query that stands beside it.",
)


class Documents:
    """By hash: the dashboard's own, those of COHERENCE_TRUSTED_DOCUMENTS, and what clients have registered."""

    def __init__(self, settings: Settings) -> None:
        files = [documents.DASHBOARD] if documents.DASHBOARD.is_file() else []
        if settings.trusted_documents is not None:
            files.append(settings.trusted_documents)
        self._trusted = {name: text for file in files for name, text in documents.read(file).items()}
        self._texts = frozenset(self._trusted.values())
        most = 0 if settings.trusted_documents_only else settings.persisted_queries
        self.registered = PersistedQueries(most, settings.redis_url)

    def __contains__(self, text: object) -> bool:
        """Whether a document is trusted."""
        return text in self._texts

    async def resolve(self, request: Mapping[str, Any]) -> Any:
        """Return the document that a request has as its `query` or names by a hash; a `StandIn` where it cannot run.

        It is named by `documentId` or by Apollo's `extensions.persistedQuery`. None where the request does neither.
        """
        query, persisted = request.get("query"), _persisted(request)
        if query is not None:
            if persisted is None or not isinstance(query, str):
                return query
            if sha256(query) != persisted:
                return _NOT_ITS_HASH
            return query if self.registered.is_kept(persisted) else Offered(query)
        name, unknown = persisted, _NOT_FOUND if self.registered.are_stored else _NOT_SUPPORTED
        if isinstance(request.get("documentId"), str):
            name, unknown = documents.name_of(request["documentId"]), _NOT_FOUND
        if name is None:
            return None
        return self._trusted.get(name) or await self.registered.get(name) or unknown


def has_document(request: Mapping[str, Any]) -> bool:
    """Tell whether a request has a document, or names one."""
    if request.get("query") is not None:
        return isinstance(request["query"], str)
    return isinstance(request.get("documentId"), str) or _persisted(request) is not None


def _persisted(request: Mapping[str, Any]) -> str | None:
    """Return the hash in Apollo's `extensions.persistedQuery`."""
    extensions = request.get("extensions")
    persisted = extensions.get("persistedQuery") if isinstance(extensions, dict) else None
    if isinstance(persisted, dict) and persisted.get("version") == 1:
        name = persisted.get("sha256Hash")
        return documents.name_of(name) if isinstance(name, str) else None
    return None


def trusted(settings: Settings, known: Documents) -> type[SchemaExtension]:
    """An extension that refuses stand-ins, and with COHERENCE_TRUSTED_DOCUMENTS_ONLY all that are not trusted, but for
    administrators. However a document was sent, its text decides. What may run is registered where its client asks so.
    """

    class Trusted(SchemaExtension):
        def on_validate(self) -> Iterator[None]:
            execution = self.execution_context
            query = execution.query
            if execution.pre_execution_errors:  # refused already
                pass
            elif isinstance(query, StandIn):
                execution.pre_execution_errors = [
                    GraphQLError(query.message, extensions={"code": query.code})
                ]
            elif (
                settings.trusted_documents_only
                and not execution.context.viewer.administrator
                and query not in known
            ):
                fault = Forbidden("Only trusted documents run here, and this is none of them.")
                execution.pre_execution_errors = [of_refused(fault)]
            yield

        async def on_execute(self) -> AsyncIterator[None]:
            execution = self.execution_context
            if isinstance(execution.query, Offered):
                await known.registered.put(str(execution.query))
            yield

    return Trusted
