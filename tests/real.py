"""The real chats of ../shared/data, imported once a run: what nobody here made up."""

import gzip
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from app.auth.viewer import LOCAL, Viewer
from app.database.engine import Database
from app.services import Services
from app.settings import Settings
from app.signals.importers import vader
from app.users.models import Role
from graphql_schema.schema import build_schema
from tests.app.signals.importing import load
from tests.conftest import KEY, QUIET, TEMPLATE, at, dsn, execute
from tests.people import People

DATA = Path(__file__).parents[2] / "shared" / "data"
IRC = DATA / "chat_irc.jsonl.gz"
AGENTS = [DATA / "agents_whowhen.jsonl.gz", DATA / "agents_taubench_airline.jsonl.gz"]
needs_real_chats = pytest.mark.skipif(not IRC.exists(), reason="the real chats are not on this machine")

OWNERS = """
    UPDATE conversations c SET user_id = u.id FROM users u
    WHERE u.username = CASE hashtext(c.context_window_id) % 3 WHEN 0 THEN 'ann' WHEN 1 THEN 'bob' END
"""
"""Some are nobody's."""


@pytest.fixture(scope="session")
async def chats(server: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[People]:
    """127 chats of IRC, whose clock mostly tells minutes, and agents at work, who say several things at once."""
    await execute(server, f"CREATE DATABASE real TEMPLATE {TEMPLATE} STRATEGY file_copy")
    # In which order parallel workers add is chance, and the last digit of a sum with it.
    await execute(server, "ALTER DATABASE real SET max_parallel_workers_per_gather = 0")
    config, database = Settings(_env_file=None, **QUIET), Database(at(server, "real"))
    folder = tmp_path_factory.mktemp("real")
    maps = ("contextWindowId=conversation_id", "timestamp=ts", "userId=user", "rawContent=text")
    for path in (IRC, *AGENTS):
        if not path.exists():
            continue
        lines = folder / path.name
        if path == IRC:
            lines.symlink_to(path)
        else:
            lines.write_bytes(gzip.compress("".join(_messages(path)).encode()))
        done = await load(
            database,
            lines,
            *maps,
            "signalSource=kind",
            score="vader",
            scored_by=lambda texts: map(vader.score, texts),
        )
        assert done.rejected == 0
    services = Services.of(config, database, KEY)
    made = People(services, build_schema(config), pg=await asyncpg.connect(**dsn(at(server, "real"))))
    for name in ("ann", "bob"):
        made.users[name] = (await services.users.create(username=name, role=Role.EDUCATOR)).id
        made.viewers[name] = Viewer.by_session(uuid4(), made.users[name], Role.EDUCATOR)
    made.viewers["administrator"] = LOCAL
    await made.pg.execute(OWNERS)
    await made.pg.execute("DELETE FROM signal_arrivals")  # classes of all of them take twenty seconds
    await made.pg.execute("ANALYZE")
    for row in await made.pg.fetch("SELECT id, context_window_id FROM conversations"):
        made.conversations[row["context_window_id"]] = row["id"]
    yield made
    await made.pg.close()
    await database.close()


def _messages(path: Path) -> Iterator[str]:
    """A line each, in the form of the chats: their logs have no times, and several of their steps get the same one."""
    for number, line in enumerate(gzip.decompress(path.read_bytes()).splitlines()):
        conversation = json.loads(line)
        begun = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=number)
        for place, said in enumerate(conversation["messages"]):
            yield f"{
                json.dumps(
                    {
                        'conversation_id': conversation['conversation_id'],
                        'ts': (begun + place // 3 * timedelta(seconds=7)).isoformat(),
                        'user': said['role'],
                        'kind': said.get('agent') or said.get('tool') or said['role'],
                        'text': said['text'],
                    }
                )
            }\n"
