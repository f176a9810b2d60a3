"""Which of the pinned dependencies have known vulnerabilities, by the advisory services of pip-audit and npm.

    python scripts/audit_dependencies.py [--osv-url URL]

Fails on those that ignored_advisories.txt does not name. Where a service cannot be reached, that is said, and no fault.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
IGNORED = Path(__file__).with_name("ignored_advisories.txt")
LOCK = ROOT / "requirements-dev.lock"
"""It has everything that the others have."""
PACKAGES = (ROOT / "app" / "web", ROOT / "tests" / "provider", ROOT / "tests" / "transport" / "clients")
PATIENCE = 120
"""Seconds for all answers of a service; for one it is 5."""

type Found = tuple[str, frozenset[str], str]
"""Package with its version, the names of the advisory, and what it says in a line."""


def of_python(report: Any) -> Iterator[Found]:
    """`report` is what `pip-audit --format json` writes."""
    for package in report["dependencies"]:
        for each in package.get("vulns", ()):
            fixed = ", ".join(each["fix_versions"]) or "no version"
            names = frozenset({each["id"], *each["aliases"]})
            yield f"{package['name']} {package['version']}", names, f"fixed in {fixed}"


def of_npm(report: Any) -> Iterator[Found]:
    """`report` is what `npm audit --json` writes."""
    for package in report["vulnerabilities"].values():
        for each in package["via"]:
            if isinstance(each, dict):  # else the name of the dependency that is at fault
                yield f"{each['name']} {each['range']}", frozenset({Path(each["url"]).name}), each["title"]


def audit(what: str, folder: Path, command: Sequence[str | Path]) -> Any:
    """The tool's report; None, with a line that says why, where the service gave it none."""
    said = ""
    try:
        run = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        said = run.stderr.strip().rpartition("\n")[2][:200]
        report = json.loads(run.stdout)
        said = report.get("message", said)
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        report = {}
    if "dependencies" in report or "vulnerabilities" in report:
        return report
    print(f"{what}: not audited, as the advisory service gives no answer. {said}".rstrip())
    return None


def main() -> int:
    ignored = {line.split()[0] for line in IGNORED.read_text().splitlines() if line.strip()}
    osv = [sys.executable, "-m", "pip_audit", "--vulnerability-service", "osv", *sys.argv[1:]]
    quiet = ["--timeout", "5", "--progress-spinner", "off", "--format", "json"]
    report = audit(LOCK.name, ROOT, [*osv, *quiet, "--require-hashes", "--disable-pip", "-r", LOCK])
    found = [] if report is None else list(of_python(report))
    for folder in PACKAGES:
        limits = ["--fetch-retries=0", "--fetch-timeout=5000"]
        name = str(folder.relative_to(ROOT))
        report = audit(name, folder, ["npm", "audit", "--json", "--package-lock-only", *limits])
        found += [] if report is None else of_npm(report)
    faults = [(package, names, text) for package, names, text in found if not names & ignored]
    for package, names, text in faults:
        print(f"{package} has a known vulnerability: {', '.join(sorted(names))}: {text}")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
