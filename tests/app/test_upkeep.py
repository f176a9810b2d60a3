"""Upkeep goes on by itself for as long as the program runs, whatever happens in between."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.asgi import create_app
from app.settings import Settings
from tests.conftest import ENVIRONMENT, KEY

ROOT = Path(__file__).parents[2]
OLD = datetime.now(UTC) - timedelta(days=10)
ADD = """
    INSERT INTO signals (time, conversation_id, signal_source, signal_score)
    SELECT $1, id, 'Slack', 0.5 FROM conversations
"""
SETTINGS = {"_env_file": None, "COHERENCE_RAW_RETENTION_DAYS": 2}


async def gone(pg):
    async with asyncio.timeout(10):
        while await pg.fetchval("SELECT count(*) FROM signals"):  # noqa: ASYNC110 - nothing announces it
            await asyncio.sleep(0.01)


async def test_it_runs_beside_the_server_and_again_after_a_fault(url, pg, caplog):
    await pg.execute("INSERT INTO conversations (context_window_id) VALUES ('c')")
    await pg.execute(ADD, OLD)
    app = create_app(Settings(**SETTINGS, COHERENCE_UPKEEP_SECONDS=0.1), url, KEY)
    async with app.router.lifespan_context(app):
        await gone(pg)
        await pg.execute("ALTER TABLE rollup_state RENAME TO elsewhere")
        async with asyncio.timeout(10):
            while "upkeep failed" not in caplog.text:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await pg.execute("ALTER TABLE elsewhere RENAME TO rollup_state")
        await pg.execute("UPDATE rollup_state SET kept_from = '-infinity'")
        await pg.execute(ADD, OLD)
        await gone(pg)
    assert await pg.fetchval("SELECT sum(n) FROM signal_rollup_1h") == 2


async def test_it_does_nothing_where_it_is_turned_off(url, pg):
    await pg.execute("INSERT INTO conversations (context_window_id) VALUES ('c')")
    await pg.execute(ADD, OLD)
    app = create_app(Settings(**SETTINGS, COHERENCE_UPKEEP_SECONDS=0), url, KEY)
    async with app.router.lifespan_context(app):
        await asyncio.sleep(0.1)
    assert await pg.fetchval("SELECT count(*) FROM signals") == 1


async def test_what_arrives_is_looked_at_by_itself(url, pg):
    await pg.execute("INSERT INTO conversations (context_window_id) VALUES ('c')")
    app = create_app(Settings(_env_file=None, COHERENCE_ARRIVALS_SECONDS=0.05), url, KEY)
    async with app.router.lifespan_context(app):
        await pg.execute(ADD, OLD)
        async with asyncio.timeout(10):
            while await pg.fetchval("SELECT count(*) FROM signal_arrivals"):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    assert await pg.fetchval("SELECT count(*) FROM shift_progress") == 1


async def test_it_leaves_what_has_arrived_to_the_watch(url, pg):
    await pg.execute("INSERT INTO conversations (context_window_id) VALUES ('c')")
    await pg.execute(ADD, datetime.now(UTC))
    settings = {"_env_file": None, "COHERENCE_ARRIVALS_SECONDS": 0, "COHERENCE_UPKEEP_SECONDS": 0.05}
    app = create_app(Settings(**settings), url, KEY)
    async with app.router.lifespan_context(app):
        async with asyncio.timeout(10):
            while not await pg.fetchval("SELECT classified_by FROM rollup_state"):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)
        assert await pg.fetchval("SELECT count(*) FROM signal_arrivals") == 1
        await pg.execute("UPDATE rollup_state SET classified_by = 'other keywords'")
        async with asyncio.timeout(10):
            while await pg.fetchval("SELECT count(*) FROM signal_arrivals"):  # noqa: ASYNC110
                await asyncio.sleep(0.01)


START = """
import asyncio, sys
from app.asgi import create_app
from app.settings import Settings

async def start():
    app = create_app(Settings(_env_file=None), sys.argv[1], "key")
    async with app.router.lifespan_context(app):
        await asyncio.sleep(0.2)

asyncio.run(start())
print(*{"river", "statsmodels", "pandas", "matplotlib"} & sys.modules.keys())
"""


async def test_a_start_with_nothing_to_do_waits_for_no_library_of_statistics(url):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", START, url, cwd=ROOT, env=ENVIRONMENT, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert (process.returncode, output.decode().strip()) == (0, "")
