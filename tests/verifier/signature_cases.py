"""Checks cases that the Rust core printed, one JSON object a line:

    cargo run -p longear-core --example signature_cases -- 100000 1 | python tests/verifier/signature_cases.py
    cargo run -p longear-core --example object_cases -- 100000 1 | python tests/verifier/signature_cases.py

A line that names a `file` of vectors is a case like those of that file; without one it is a signature. `--write FILE` also keeps them as a file of vectors. Closes with a line `N passed, N failed`; exits 1 if anything failed or nothing came.
"""

import functools
import json
import multiprocessing
import sys
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from verifier.cases import RUNNERS
from verifier.verify import VECTORS, outcome_of

ABOUT = "Ed25519 signatures in the corners where libraries differ, made at random."
NAME = "signature-random"
# Enough for a worker to forget what it costs to hand them over.
CASES_AT_ONCE = 200


@functools.cache
def shared_of(name: str) -> dict:
    """Returns what the cases of a file share."""
    path = VECTORS / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if name != NAME else {}


def failure_of(line: str) -> str | None:
    """Returns a line about a case in which the two implementations differ."""
    case = json.loads(line)
    name = case.get("file", NAME)
    expect, result = outcome_of(RUNNERS[name], case, shared_of(name))
    if expect == case["expect"] and (result is None or result == case["result"]):
        return None
    return f"{case['name']}: the core says {case['expect']}, this verifier {expect} {result or ''}: {line.strip()}"


def write(path: Path, lines: list[str]) -> None:
    """Writes a file of vectors with one case a line."""
    cases = ",\n  ".join(line.strip() for line in lines)
    path.write_text(f'{{\n "about": {json.dumps(ABOUT)},\n "cases": [\n  {cases}\n ]\n}}\n', encoding="utf-8")


def main(arguments: list[str]) -> int:
    if arguments and (len(arguments) != 2 or arguments[0] != "--write"):
        print("usage: signature_cases.py [--write FILE]", file=sys.stderr)
        return 2
    lines = sys.stdin.readlines()
    with multiprocessing.Pool() as pool:
        failures = [one for one in pool.imap(failure_of, lines, CASES_AT_ONCE) if one]
    for line in failures:
        print(line)
    print(f"{len(lines) - len(failures)} passed, {len(failures)} failed")
    if failures or not lines:
        return 1
    if arguments:
        write(Path(arguments[1]), lines)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
