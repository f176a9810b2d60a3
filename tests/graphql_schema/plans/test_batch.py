"""A batch whose plan is known goes round the executor, and nobody can tell from its answer."""

import json

import pytest

from graphql_schema.executor import Executor

ALL = """mutation Store($signals: [SignalInput!]!, $fail: Boolean! = false, $open: Boolean!) {
  stored: createSignals(signals: $signals, failOnError: $fail, createConversations: $open) {
    __typename failedCount one: results { index } ...Counts results { success signalId duplicate __typename
      error { code __typename why: message field } again: index } totalCount transactionId
  }
}
fragment Counts on CreateSignalsPayload { successfulCount results { index } }"""
GOOD = {"contextWindowId": "c", "timestamp": "2026-03-01T09:00:00Z", "rawContent": "é"}
BATCHES = [
    [],
    [GOOD],
    [GOOD, GOOD | {"contextWindowId": "new"}, GOOD | {"signalScore": 2}],
    [GOOD | {"idempotencyKey": "once"}] * 2,
    [GOOD, GOOD | {"signalScore": "x"}],
    GOOD,
    None,
    [GOOD] * 2_500,
]


@pytest.fixture
def executed(monkeypatch):
    """Names of the operations that the executor has been asked for."""
    names = []
    execute = Executor.execute_operation

    def noted(self, *given):
        names.append(self.operation.name and self.operation.name.value)
        return execute(self, *given)

    monkeypatch.setattr(Executor, "execute_operation", noted)
    return names


@pytest.mark.parametrize("fail", [False, True])
@pytest.mark.parametrize("opens", [False, True])
async def test_planned_batches_have_the_executors_answers(client, pg, executed, monkeypatch, fail, opens):
    async def sent(signals):
        await pg.execute("TRUNCATE conversations, signals, delivered_signals CASCADE")
        await pg.execute("INSERT INTO conversations (context_window_id) VALUES ('c')")
        answer = await client.post(ALL, signals=signals, fail=fail, open=opens)
        told = (answer.get("data") or {}).get("stored") or {}
        assert (told.pop("transactionId", None) is not None) is bool(told.get("successfulCount"))
        for result in told.get("results", ()):
            result["signalId"] = bool(result["signalId"])
        rows = await pg.fetch("SELECT time, raw_content, signal_score FROM signals ORDER BY id")
        return json.dumps(answer), [tuple(row) for row in rows]

    await client.post(ALL, signals=[], fail=fail, open=opens)
    assert executed == ["Store"]
    for signals in BATCHES:
        executed.clear()
        known = await sent(signals)
        assert not executed or "errors" in known[0] or not isinstance(signals, list)
        with monkeypatch.context() as patched:
            patched.setattr("graphql_schema.plans.Plans.known", lambda *_: None)
            patched.setattr("graphql_schema.plans.Plans.plan_of", lambda *_: None)
            assert await sent(signals) == known


async def test_a_batch_is_charged_counted_and_stored_once(client, pg, executed):
    await pg.execute("INSERT INTO conversations (context_window_id) VALUES ('c')")
    for _ in range(3):
        await client.data(ALL, signals=[GOOD, GOOD | {"escalateFlag": 9}], open=False)
    assert executed == ["Store"]
    metrics = (await client.http.get("/metrics")).text
    assert 'coherence_signals_total{outcome="accepted"} 3.0' in metrics
    assert 'coherence_signals_total{outcome="refused"} 3.0' in metrics
    assert await pg.fetchval("SELECT count(*) FROM signals") == 3


async def test_what_is_written_out_is_executed(client, pg, executed):
    await pg.execute("INSERT INTO conversations (context_window_id) VALUES ('c')")
    written = """mutation Written($score: Float!) {
      createSignals(signals: [{contextWindowId: "c", signalScore: $score}]) { results { success } }
    }"""
    for score, right in ((0.5, True), (1.5, False), (0.5, True)):
        found = await client.data(written, score=score)
        assert found["createSignals"]["results"] == [{"success": right}]
    assert executed == ["Written"] * 3


async def test_a_variables_default_is_not_looked_for(client, executed):
    left_out = "mutation($signals: [SignalInput!]! = []) { createSignals(signals: $signals) { totalCount } }"
    for _ in range(2):
        assert (await client.data(left_out))["createSignals"]["totalCount"] == 0
    assert len(executed) == 2


@pytest.mark.parametrize("selected", ["results { index @skip(if: true) }", "totalCount @skip(if: true)"])
async def test_what_is_skipped_is_not_told(client, pg, selected):
    await pg.execute("INSERT INTO conversations (context_window_id) VALUES ('c')")
    query = f"mutation($signals: [SignalInput!]!) {{ createSignals(signals: $signals) {{ {selected} }} }}"
    for _ in range(2):
        found = (await client.data(query, signals=[GOOD, GOOD]))["createSignals"]
        assert found == ({"results": [{}, {}]} if "results" in selected else {})
