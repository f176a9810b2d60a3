"""Every signal has a class, by the table of keywords that the settings name."""

import httpx2
import pytest
from pydantic import ValidationError

from app.asgi import create_app
from app.settings import Settings
from tests.conftest import KEY, Client

INSERT = """
    WITH c AS (INSERT INTO conversations (context_window_id) VALUES ('c') RETURNING id)
    INSERT INTO signals (time, conversation_id, signal_source, signal_score, raw_content)
    SELECT timestamptz '2026-03-01' + n * interval '1 s', id, 'Slack', 0.5, text
    FROM c, unnest($1::text[]) WITH ORDINALITY AS new (text, n)
"""
TEXTS = ["Thank you, this is wonderful!", "The build is at port 80.", None, "No problem.", "I am not sure, maybe?",
         "This terrible crash keeps me up at night, I am exhausted."]  # fmt: skip
READ = "{ signals { edges { node { rawContent classification } } } }"
OWN = """
threshold = 1
[[STRESSED]]
group = "ports"
weight = 3
keywords = ["port 80"]
"""


async def test_the_class_of_every_signal(client, pg):
    await pg.execute(INSERT, TEXTS)
    edges = (await client.data(READ))["signals"]["edges"]
    found = {edge["node"]["rawContent"]: edge["node"]["classification"] for edge in edges}
    assert found == dict(
        zip(
            TEXTS,
            ["POSITIVE", "NEUTRAL", "NEUTRAL", found["No problem."], "UNCERTAIN", "STRESSED"],
            strict=True,
        )
    )
    assert found["No problem."] in {"POSITIVE", "NEUTRAL"}


async def test_a_table_of_one_s_own(url, pg, tmp_path):
    await pg.execute(INSERT, TEXTS[:2])
    path = tmp_path / "own.toml"
    path.write_text(OWN)
    app = create_app(Settings(_env_file=None, COHERENCE_KEYWORDS=path, COHERENCE_UPKEEP_SECONDS=0), url, KEY)
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url="http://127.0.0.1:8002"
    ) as http:
        edges = (await Client(http).data(READ))["signals"]["edges"]
    assert [edge["node"]["classification"] for edge in edges][1] == "STRESSED"


@pytest.mark.parametrize(("text", "fault"), [("threshold = 0", "threshold"), (None, "cannot be read")])
def test_a_table_that_is_none_is_refused_at_the_start(tmp_path, text, fault):
    path = tmp_path / "bad.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ValidationError, match=rf"bad\.toml.*{fault}") as refused:
        Settings(_env_file=None, COHERENCE_KEYWORDS=path)
    assert refused.value.errors()[0]["loc"] == ("COHERENCE_KEYWORDS",)
