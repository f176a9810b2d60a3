"""The committed schema is the served one, and breaks no promise but those that are listed."""

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
def test_the_contract_is_kept_but_for_what_is_listed():
    assert contract.faults(contract.missing(), set(contract.LIST.read_text().splitlines())) == []


@pytest.mark.skipif(not contract.CHECKER.exists(), reason="the contract (../shared) is not here")
def test_a_promise_that_is_broken_anew_is_found(tmp_path):
    broken = tmp_path / "schema.graphql"
    broken.write_text(contract.SCHEMA.read_text().replace("  totalSignalCount: Int!\n", ""))
    known = set(contract.LIST.read_text().splitlines())
    assert contract.faults(contract.missing(broken), known) == [
        "broken anew: Field Coherence.totalSignalCount was removed."
    ]


def test_the_list_is_sorted_and_only_shrinks():
    lines = contract.LIST.read_text().splitlines()
    assert lines == sorted(set(lines))
    assert contract.faults({"a"}, {"a"}) == []
    assert len(contract.faults({"a", "new"}, {"a", "kept"})) == 2
