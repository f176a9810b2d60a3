"""Which lanes a file's tests are in: marks, by which `pytest -m` chooses.

The fast lane (`make test-fast`) leaves out what is `slow`, and takes at most two minutes on two cores: no browser, no
second server, nothing that takes long by itself.
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
    "graphql_schema/plans/test_real.py",
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

ATTACKS: Final = (
    "graphql_schema/test_hostile_values.py",
    "transport/test_charged_once.py",
    "transport/test_connections.py",
    "transport/test_cross_site.py",
    "transport/test_foreign_pages.py",
    "transport/test_hosts_and_origins.py",
    "transport/test_requests.py",
    "transport/test_unexpected.py",
    "faults/test_unknown_outcome.py",
)
CLIENTS: Final = ("transport/clients",)

LANES: Final = {"slow": SLOW, "attacks": ATTACKS, "clients": CLIENTS}
"""Places by mark."""


def mark(items: list[pytest.Item], root: PurePath) -> None:
    """Mark tests by where they are; `root` is the folder tests/."""
    for item in items:
        path = item.path.relative_to(root)
        for name, places in LANES.items():
            if any(path.is_relative_to(place) for place in places):
                item.add_marker(name)
