"""Runs all vectors through this verifier: `python tests/verifier/run.py`; exits 1 if one fails."""

import json
import sys
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from verifier.cases import RUNNERS
from verifier.refusal import Refused

VECTORS = Path(__file__).resolve().parent.parent / "vectors"


def outcome_of(runner, case: dict, shared: dict) -> tuple[str, dict | None]:
    """Returns "accepted" and the result, or the code of the refusal."""
    try:
        return "accepted", runner(case, shared)
    except Refused as refusal:
        return refusal.code, None


def failures_of(path: Path) -> tuple[int, list[str]]:
    """Returns the number of cases of a file and one line per failed one."""
    shared = json.loads(path.read_text(encoding="utf-8"))
    if path.stem not in RUNNERS:
        return 1, [f"{path.name}: nothing here can run this file"]
    failures = []
    for case in shared["cases"]:
        expect, result = outcome_of(RUNNERS[path.stem], case, shared)
        if expect != case["expect"] or (result is not None and result != case["result"]):
            failures.append(f"{path.name}: {case['name']}: expected {case['expect']}, got {expect} {result or ''}")
    return len(shared["cases"]), failures


def main() -> int:
    total, failed = 0, []
    for path in sorted(VECTORS.glob("*.json")):
        count, failures = failures_of(path)
        total += count
        failed += failures
    for line in failed:
        print(line)
    print(f"{total - len(failed)} passed, {len(failed)} failed")
    return 1 if failed or total == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
