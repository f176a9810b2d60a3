"""What tests of imports have in common."""

import json

from app.signals.importers.options import options
from app.signals.importers.run import Importer
from app.signals.importers.sources import source
from app.signals.rules import Rules


async def load(database, path, *maps, batch=5_000, restart=False, scored_by=None, **given):
    """Imports the file, and opens its conversations."""
    given = {"create_conversations": True} | given
    read = source(path, options(maps, **given))
    return await run(database, read, batch=batch, restart=restart, scored_by=scored_by)


async def run(database, read, *, batch=5_000, restart=False, scored_by=None):
    importer = Importer(database, Rules(), scored_by, batch)
    return await importer.run(read, lambda *_: None, restart=restart)


async def preview(database, read, **given):
    return await Importer(database, Rules(), None, 7).preview(read, lambda *_: None, **given)


def written(path, *rows):
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows))
    return path


def signal(text, **fields):
    return {"contextWindowId": "c", "timestamp": "2026-01-01T00:00:00Z", "rawContent": text} | fields


def rejected(path):
    file = path.with_name(f"{path.name}.rejected.jsonl")
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


async def texts(pg):
    return [row[0] for row in await pg.fetch("SELECT raw_content FROM signals ORDER BY id")]
