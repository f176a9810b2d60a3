"""Which promises of the public contract the committed schema does not keep yet, against the list of those known.

    python scripts/check_contract.py [--write]

The list only shrinks: a promise that is broken anew fails, and so does a line that has been kept since.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
CHECKER = ROOT.parent / "shared" / "check_contract.py"
SCHEMA = ROOT / "graphql_schema" / "schema.graphql"
LIST = ROOT / "tests" / "graphql_schema" / "missing_promises.txt"


def missing(schema: Path = SCHEMA) -> set[str]:
    """The contract's promises that `schema` does not keep, in the checker's words."""
    checked = subprocess.run([sys.executable, CHECKER, schema], capture_output=True, text=True, check=False)
    *lines, last = checked.stdout.splitlines() or [""]
    if not last.endswith("broken promises"):
        raise RuntimeError(checked.stderr or "The contract's checker said nothing.")
    return set(lines)


def faults(found: set[str], known: set[str]) -> list[str]:
    """What is wrong with the list of known promises, one sentence each."""
    return [
        *(f"broken anew: {line}" for line in sorted(found - known)),
        *(f"kept by now, take it off {LIST.name}: {line}" for line in sorted(known - found)),
    ]


def main() -> int:
    if not CHECKER.exists():
        print(f"The contract is not here ({CHECKER}): nothing was checked.")
        return 0
    found = missing()
    if sys.argv[1:] == ["--write"]:
        LIST.write_text("".join(f"{line}\n" for line in sorted(found)))
        return 0
    wrong = faults(found, set(LIST.read_text().splitlines()))
    print("\n".join(wrong) or f"The contract is kept but for {len(found)} promises that are known.")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
