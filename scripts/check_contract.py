"""Which promises of the public contract the committed schema does not keep: none may be broken.

python scripts/check_contract.py
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
CHECKER = ROOT.parent / "shared" / "check_contract.py"
SCHEMA = ROOT / "graphql_schema" / "schema.graphql"


def broken(schema: Path = SCHEMA) -> list[str]:
    """The contract's promises that `schema` does not keep, in the checker's words."""
    checked = subprocess.run([sys.executable, CHECKER, schema], capture_output=True, text=True, check=False)
    *lines, last = checked.stdout.splitlines() or [""]
    if not last.endswith("broken promises"):
        raise RuntimeError(checked.stderr or "The contract's checker said nothing.")
    return lines


def main() -> int:
    if not CHECKER.exists():
        print(f"The contract is not here ({CHECKER}): nothing was checked.")
        return 0
    found = broken()
    print("\n".join(found) or "The contract is kept.")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
