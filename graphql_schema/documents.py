"""Trusted documents: what a request may name by its hash, and where nothing else is to run, all that may."""

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import GraphQLError
from strawberry.extensions import SchemaExtension

from app import documents
from app.errors import Forbidden
from app.settings import Settings
from graphql_schema.errors import of_refused


class Unknown(str):
    """Runs in place of a document whose hash is not known, up to where it is refused."""

    __slots__ = ()


_UNKNOWN = Unknown("{ __typename }")


class Documents:
    """By hash: the dashboard's own, and those of COHERENCE_TRUSTED_DOCUMENTS."""

    def __init__(self, settings: Settings) -> None:
        files = [documents.DASHBOARD] if documents.DASHBOARD.is_file() else []
        if settings.trusted_documents is not None:
            files.append(settings.trusted_documents)
        self._by_hash = {name: text for file in files for name, text in documents.read(file).items()}
        self._texts = frozenset(self._by_hash.values())

    def __contains__(self, text: object) -> bool:
        return text in self._texts

    def query_of(self, request: Mapping[str, Any]) -> Any:
        """What the request says as its query, or names in place of it."""
        query = request.get("query")
        return self.asked_for(request) if query is None else query

    def asked_for(self, request: Mapping[str, Any]) -> str | None:
        """The document that a request without `query` names, by `documentId` or Apollo's
        `extensions.persistedQuery`; None where it names none in a way that is known.
        """
        name = request.get("documentId")
        if name is None:
            extensions = request.get("extensions")
            persisted = extensions.get("persistedQuery") if isinstance(extensions, dict) else None
            if isinstance(persisted, dict) and persisted.get("version") == 1:
                name = persisted.get("sha256Hash")
        return self._by_hash.get(documents.name_of(name), _UNKNOWN) if isinstance(name, str) else None


def trusted(settings: Settings, known: Documents) -> type[SchemaExtension]:
    """An extension that refuses documents that are unknown, and with COHERENCE_TRUSTED_DOCUMENTS_ONLY all that are not
    trusted, but for administrators. However a document was sent, its text decides.
    """

    class Trusted(SchemaExtension):
        def on_validate(self) -> Iterator[None]:
            execution = self.execution_context
            if execution.pre_execution_errors:  # refused already
                pass
            elif isinstance(execution.query, Unknown):
                # In these words: clients look for them, and send the document itself.
                code = {"code": "PERSISTED_QUERY_NOT_FOUND"}
                execution.pre_execution_errors = [GraphQLError("PersistedQueryNotFound", extensions=code)]
            elif (
                settings.trusted_documents_only
                and not execution.context.viewer.administrator
                and execution.query not in known
            ):
                fault = Forbidden("Only trusted documents run here, and this is none of them.")
                execution.pre_execution_errors = [of_refused(fault)]
            yield

    return Trusted
