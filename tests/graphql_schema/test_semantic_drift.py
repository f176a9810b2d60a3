"""Semantic drift over GraphQL, against numpy over the stored rows, with pgvector and without."""

from collections import defaultdict
from datetime import timedelta

import numpy as np
import pytest

from app.services import Services
from app.settings import Settings
from tests.conftest import KEY, QUIET
from tests.people import people

__all__ = ["people"]

QUERY = """
query($window: Duration!, $step: Duration, $sources: [String!]) {
  conversation(by: {contextWindowId: "a2"}) { coherence(window: $window, step: $step, sources: $sources) { ...Of } }
  coherence(window: $window, step: $step, sources: $sources) { ...Of }
  user(by: {username: "ann"}) { coherence(window: $window, step: $step, sources: $sources) { ...Of } }
}
fragment Of on Coherence { driftMetrics { windowStart semanticDrift } series { semanticDrift } }
"""
OWN = {"conversation": ["a2"], "coherence": ["a1", "a2", "b1", "n1"], "user": ["a1", "a2"]}
TEXTS = ("lunch was lovely", "the server crashed", "who restarts the server", "more soup for lunch", None)


@pytest.fixture(params=["pgvector", "numbers"])
async def told(request, people, pg):
    """People whose signals say something, a minute apart."""
    rows = await pg.fetch("SELECT time, id FROM signals ORDER BY id")
    for n, row in enumerate(rows):
        await pg.execute(
            "UPDATE signals SET raw_content = $1, time = time + $2 WHERE id = $3",
            TEXTS[n % len(TEXTS)],
            timedelta(minutes=3 * (n % 4)),
            row["id"],
        )
    await people.services.vectors.embedding.missing(lambda _: None)
    if request.param == "numbers":
        await pg.execute("DROP EXTENSION vector CASCADE")
        people.services.vectors.store._has_vector = None
    return people


async def expected(pg, conversations, sources, width, step):
    """By the definition, of every window that holds a signal."""
    rows = await pg.fetch(
        "SELECT extract(epoch FROM s.time)::bigint AS at, e.embedding FROM signals s"
        " LEFT JOIN signal_embeddings e ON e.time = s.time AND e.id = s.id"
        " JOIN conversations c ON c.id = s.conversation_id"
        " WHERE c.context_window_id = ANY($1) AND ($2::text[] IS NULL OR s.signal_source = ANY($2))",
        conversations,
        sources,
    )
    windows = defaultdict(list)
    for row in rows:
        cell = row["at"] // step * step
        for start in range(cell - width + step, cell + 1, step):
            windows[start] += [row["embedding"]] if row["embedding"] else []
    means = [np.mean(windows[start], axis=0) if windows[start] else None for start in sorted(windows)]
    return [
        None
        if here is None or before is None
        else 1 - here @ before / np.linalg.norm(here) / np.linalg.norm(before)
        for before, here in zip([None, *means], means, strict=False)
    ]


@pytest.mark.parametrize(
    ("width", "step", "sources"), [(60, 60, None), (300, 60, None), (120, 120, ["a2", "b1"])]
)
async def test_windows_of_a_conversation_a_user_and_everything(told, pg, width, step, sources):
    data = await told.data("administrator", QUERY, window=f"{width}s", step=f"{step}s", sources=sources)
    for name, conversations in OWN.items():
        found = data[name] if name == "coherence" else data[name]["coherence"]
        drift = [metric["semanticDrift"] for metric in found["driftMetrics"]]
        wanted = await expected(pg, conversations, sources, width, step)
        assert drift == pytest.approx(wanted, abs=1e-6)
        assert any(drift)
        assert found["series"]["semanticDrift"] == drift


async def test_what_one_may_not_read_does_not_move_the_mean(told, pg):
    data = await told.data("ann", '{ coherence(window: "1m") { series { semanticDrift } } }')
    wanted = await expected(pg, OWN["user"], None, 60, 60)
    assert data["coherence"]["series"]["semanticDrift"] == pytest.approx(wanted, abs=1e-6)


async def test_where_vectors_are_off_it_is_null(people):
    settings = Settings(_env_file=None, **QUIET, COHERENCE_VECTORS="off")
    people.services = Services.of(settings, people.services.database, KEY)
    data = await people.data("administrator", '{ coherence(window: "1m") { series { semanticDrift } } }')
    assert set(data["coherence"]["series"]["semanticDrift"]) == {None}
