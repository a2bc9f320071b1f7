"""Runs all vectors of a folder, and this verifier's own tests: `python tests/verifier/verify.py tests/vectors`.

Closes with a line `N passed, N failed`; exits 1 if anything failed or nothing ran, 2 for a wrong call.
"""

import json
import sys
import unittest
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from verifier.cases import RUNNERS
from verifier.refusal import Refused

VERIFIER = Path(__file__).resolve().parent
VECTORS = VERIFIER.parent / "vectors"


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


def own_tests() -> tuple[int, list[str]]:
    """Runs the tests of what no vector covers; returns the same as `failures_of`."""
    tests = unittest.defaultTestLoader.discover(str(VERIFIER), top_level_dir=str(VERIFIER.parent))
    result = unittest.TextTestRunner(stream=sys.stderr, verbosity=0).run(tests)
    return result.testsRun, [f"{test.id()}: failed, its message stands above" for test, _ in result.failures + result.errors]


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        print("usage: python tests/verifier/verify.py FOLDER, where FOLDER holds the vectors", file=sys.stderr)
        return 2
    total, failed = own_tests()
    paths = sorted(Path(arguments[0]).glob("*.json"))
    if not paths:
        failed.append(f"{arguments[0]}: no vectors")
    for path in paths:
        count, failures = failures_of(path)
        total += count
        failed += failures
    for line in failed:
        print(line)
    print(f"{max(total - len(failed), 0)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
