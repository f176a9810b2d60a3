"""The GraphQL-over-HTTP specification's own audits, by npm's graphql-http."""

import asyncio
import shutil
from pathlib import Path

import pytest

WEB = Path(__file__).parents[2] / "app" / "web"
NODE = Path(__file__).parents[2] / ".venv" / "bin" / "node"


@pytest.mark.skipif(
    not (WEB / "node_modules" / "graphql-http").is_dir(), reason="npm ci has not run in app/web"
)
async def test_all_audits_pass_without_a_warning(live):
    node = str(NODE) if NODE.exists() else shutil.which("node")
    audit = await asyncio.create_subprocess_exec(
        node, WEB / "scripts" / "audit.mjs", f"http://{live}/graphql", stdout=asyncio.subprocess.PIPE
    )
    output, _ = await audit.communicate()
    assert output.decode().strip() == "61 audits: 61 ok, 0 warn, 0 error"
