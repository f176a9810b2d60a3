"""What someone who may read a conversation, and no more, sees of its messages."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.app.serving import COHERENCE, Serving
from tests.browser.dashboard import ask, open_page
from tests.conftest import ENVIRONMENT

OPEN = """mutation ($owner: ID!) {
  createConversation(input: {contextWindowId: "hers", userId: $owner}) { id }
}"""
SAY = """mutation ($id: ID!) {
  createMessage(input: {conversationId: $id, role: ASSISTANT, content: "An answer."}) { id }
}"""
RATE = "mutation ($id: ID!) { rateMessage(id: $id, feedbackScore: 1) { id } }"
USER = "mutation ($name: String!, $role: Role!) { createUser(input: {username: $name, role: $role}) { id } }"
KEY = 'mutation ($user: ID!) { createApiKey(input: {name: "k", scopes: [READ, INGEST], userId: $user}) { key } }'
ASSIGN = "mutation ($id: ID!, $user: ID!) { assignCoach(conversationId: $id, userId: $user) { id } }"


@pytest.fixture(scope="module")
def locked() -> Iterator[tuple[str, dict[str, str]]]:
    """A server where everyone signs in, and keys by which two of its users do."""
    # Not below pytest's own folder, which PostgreSQL's user may not enter when root runs the tests.
    folder = Path(tempfile.mkdtemp(prefix="coherence-rights-"))
    server = Serving(folder, DEMO="0", COHERENCE_AUTH="required")
    try:
        made = subprocess.run(
            [COHERENCE, "keys", "create", "root", "--scope", "admin"],
            cwd=folder, env={**ENVIRONMENT, "COHERENCE_DATA_DIR": str(folder / "data")},
            check=True, timeout=60, capture_output=True, text=True,
        )  # fmt: skip
        root = next(word for word in made.stdout.split() if word.startswith("coh_"))
        keys, ids = {}, {}
        for name, role in (("ann", "EDUCATOR"), ("bob", "COACH")):
            ids[name] = ask(server.address, USER, key=root, name=name, role=role)["createUser"]["id"]
            keys[name] = ask(server.address, KEY, key=root, user=ids[name])["createApiKey"]["key"]
        conversation = ask(server.address, OPEN, key=root, owner=ids["ann"])["createConversation"]["id"]
        answer = ask(server.address, SAY, key=root, id=conversation)["createMessage"]["id"]
        ask(server.address, RATE, key=root, id=answer)
        ask(server.address, ASSIGN, key=root, id=conversation, user=ids["bob"])
        yield server.address, keys
    finally:
        server.end()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def served(locked: tuple[str, dict[str, str]]) -> str:
    return locked[0]


@pytest.mark.parametrize(("name", "may"), [("ann", True), ("bob", False)])
def test_who_reads_alone_is_told_who_asks_and_rates(
    context: BrowserContext, locked: tuple[str, dict[str, str]], name: str, may: bool
):
    context.set_extra_http_headers({"Authorization": f"Bearer {locked[1][name]}"})
    page = context.new_page()  # of which the browser may complain: its sockets have no such header
    open_page(page, "/conversations/hers")
    panel = page.get_by_role("region", name="Messages", exact=True)
    expect(panel.get_by_role("listitem")).to_contain_text("An answer.")
    expect(panel.get_by_label("Ask the coach")).to_have_count(int(may))
    expect(panel.get_by_role("group", name="Rate this answer")).to_have_count(int(may))
    expect(panel.get_by_text("by administrators")).to_have_count(int(not may))
    expect(panel.get_by_text("Rated +1, positive")).to_have_count(int(not may))
