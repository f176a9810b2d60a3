"""Which tests the fast lane (`make test-fast`) leaves to the whole suite: those marked `slow` here.

It takes at most two minutes on two cores: no browser, no second server, nothing that takes long by itself.
"""

from pathlib import PurePath
from typing import Final

import pytest

SLOW: Final = (
    # A browser, a server beside the test's own, real clients, faults that are waited for.
    "browser",
    "docker",
    "faults",
    "released",
    "transport",
    "app/database/test_embedded.py",
    "app/signals/consumers",
    "app/signals/test_import_command.py",
    "app/test_cli.py",
    "app/test_secrets.py",
    "app/test_workers.py",
    "app/upstream/test_pull_command.py",
    "test_api_guide.py",
    "test_dependencies.py",
    "test_documents.py",
    # Many cases of one kind.
    "app/charts/test_draw.py",
    "app/coherence/test_forecast.py",
    "app/coherence/test_sources.py",
    "app/database/test_engine.py",
    "app/database/test_migrations.py",
    "app/database/test_models.py",
    "app/database/test_paging.py",
    "app/signals/test_buckets.py",
    "app/signals/test_export.py",
    "app/signals/test_import_resume.py",
    "app/signals/test_refresh.py",
    "app/upstream/test_rolling.py",
    "app/users/test_rotation.py",
    "app/vectors",
    "graphql_schema/plans/test_any_query.py",
    "graphql_schema/plans/test_batch.py",
    "graphql_schema/plans/test_same.py",
    "graphql_schema/plans/test_writing.py",
    "graphql_schema/test_batches.py",
    "graphql_schema/test_coach.py",
    "graphql_schema/test_completing.py",
    "graphql_schema/test_conversation_references.py",
    "graphql_schema/test_hostile_values.py",
    "graphql_schema/test_messages.py",
    "graphql_schema/test_rights.py",
    "test_matrix.py",
)
"""Folders and files below tests/."""


def is_slow(path: PurePath) -> bool:
    """Tell whether the fast lane leaves out the file at `path`, which is relative to tests/."""
    return any(path.is_relative_to(place) for place in SLOW)


def mark(items: list[pytest.Item], root: PurePath) -> None:
    """Mark the tests that the fast lane leaves out; `root` is the folder tests/."""
    for item in items:
        if is_slow(item.path.relative_to(root)):
            item.add_marker(pytest.mark.slow)
