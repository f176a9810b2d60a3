"""Several fields may wait for the same: where one of them is given up, the others get it."""

import pytest

FAULTY = """
    coherence(range: {start: "2026-02-01T00:00:00Z", end: "2026-01-01T00:00:00Z"}) { totalSignalCount }
"""


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("shareEnabled", False),
        ("user { username }", {"username": "ada"}),
        ("current { signalCount }", {"signalCount": 1}),
        ("coherence { totalSignalCount }", {"totalSignalCount": 1}),
        ("signals(filter: {classification: NEUTRAL}) { totalCount }", {"totalCount": 1}),
    ],
)
async def test_a_fault_beside_one_leaves_the_others(client, pg, field, value):
    await pg.execute("""
        WITH u AS (INSERT INTO users (username, role) VALUES ('ada', 'EDUCATOR') RETURNING id),
            c AS (INSERT INTO conversations (context_window_id, user_id) SELECT 'c', id FROM u RETURNING id)
        INSERT INTO signals (time, conversation_id, signal_source, signal_score)
        SELECT now() - interval '1 minute', id, 'Slack', 0.5 FROM c
    """)
    other = field.replace("coherence ", "own: coherence ")
    answer = await client.post(f"""{{
        faulty: conversation(by: {{contextWindowId: "c"}}) {{ {FAULTY} {other} }}
        other: conversation(by: {{contextWindowId: "c"}}) {{ told: {field} }}
    }}""")
    assert answer["data"] == {"faulty": None, "other": {"told": value}}
    (error,) = answer["errors"]
    assert error["path"] == ["faulty", "coherence"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
