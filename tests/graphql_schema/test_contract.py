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


def test_the_committed_schema_is_the_served_one():
    committed = (ROOT / "graphql_schema" / "schema.graphql").read_text()
    assert committed == build_schema().as_str() + "\n", "run `coherence schema graphql_schema/schema.graphql`"


def test_the_committed_schema_can_be_read():
    assert parsed(contract.SCHEMA.read_text()).query_type.name == "Query"


@pytest.mark.skipif(not contract.CHECKER.exists(), reason="the contract (../shared) is not here")
def test_the_contract_is_kept():
    assert contract.broken() == []


@pytest.mark.skipif(not contract.CHECKER.exists(), reason="the contract (../shared) is not here")
def test_a_promise_that_is_broken_is_found(tmp_path):
    broken = tmp_path / "schema.graphql"
    broken.write_text(contract.SCHEMA.read_text().replace("  totalSignalCount: Int!\n", ""))
    assert contract.broken(broken) == ["Field Coherence.totalSignalCount was removed."]
