"""The committed schema is the served one, and breaks no promise of the contract."""

import importlib.util
from pathlib import Path

import pytest
from graphql import build_schema as parsed

from graphql_schema.schema import build_schema

ROOT = Path(__file__).parents[2]
_spec = importlib.util.spec_from_file_location("check_contract", ROOT / "scripts" / "check_contract.py")
contract = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(contract)

PROMISED = contract.CONTRACT.read_text()
SERVED = contract.SCHEMA.read_text()


def test_the_committed_schema_is_the_served_one():
    assert build_schema().as_str() + "\n" == SERVED, "run `coherence schema graphql_schema/schema.graphql`"


def test_the_committed_schema_can_be_read():
    assert parsed(SERVED).query_type.name == "Query"


def test_the_contract_is_kept():
    assert contract.broken(PROMISED, SERVED) == []


@pytest.mark.parametrize(
    ("kept", "changed", "told"),
    [
        ("  totalSignalCount: Int!\n", "", ["Field Coherence.totalSignalCount was removed."]),
        ("  deletedId: ID!\n", "  deletedId: ID!\n  id: ID!\n", ["DeletePayload.id is still there."]),
        (
            "  status: ServerStatus!\n",
            "  status: ServerStatus\n",
            ["Field Query.status changed type from ServerStatus! to ServerStatus."],
        ),
        (": FeedbackSummary\n", ": FeedbackSummary!\n", ["Query.feedbackSummary is non-null."]),
        (
            'window: Duration! = "1h", at: DateTime',
            'window: Duration! = "5m", at: DateTime',
            [
                'Conversation.metrics(window:) has changed defaultValue from "1h" to "5m".',
                'Query.coherenceMetrics(window:) has changed defaultValue from "1h" to "5m".',
            ],
        ),
        (
            '  signalSource: String! = "unknown"\n',
            '  signalSource: String! = "none"\n',
            ['SignalInput.signalSource has the default "none", not "unknown".'],
        ),
        ("input UserBy @oneOf {", "input UserBy {", ["UserBy lost @oneOf."]),
        (
            "enum AnomalyKind {",
            "enum Kind {",
            ["RAPID_FIRE was removed from enum type AnomalyKind.", "DRIFT_SHIFT was removed"],
        ),
    ],
)
def test_a_promise_that_is_broken_is_found(kept, changed, told):
    schema = PROMISED.replace(kept, changed)
    if kept.startswith("enum"):
        schema = schema.replace("kind: AnomalyKind", "kind: Kind")
    assert schema != PROMISED
    found = contract.broken(PROMISED, schema)
    assert all(any(line.startswith(each) for line in found) for each in told), found


def test_the_contract_keeps_itself():
    assert contract.broken(PROMISED, PROMISED) == []


def test_what_only_a_newer_draft_promises_is_printed_and_fails_nothing(tmp_path, monkeypatch, capsys):
    draft = tmp_path / "contract.graphql"
    draft.write_text(PROMISED.replace("type Coherence {", "type Coherence {\n  later: Int"))
    monkeypatch.setattr(contract, "DRAFT", draft)
    assert contract.main() == 0
    assert "The draft beside the repository promises more: Field Coherence.later was removed." in (
        capsys.readouterr().out
    )


def test_without_a_draft_beside_the_repository_the_vendored_contract_is_compared(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(contract, "DRAFT", tmp_path / "none")
    assert contract.main() == 0
    assert capsys.readouterr().out == "The contract is kept.\n"
