"""`python -m verifier tree DIR ADDRESS`: verifies a folder; exits 0 if nothing in it is wrong, 1 otherwise, 2 for a wrong call."""

import sys
from pathlib import Path

from . import address
from .carrier import Carrier, find_tree
from .refusal import Refused


def main(arguments: list[str]) -> int:
    if len(arguments) != 3 or arguments[0] != "tree":
        print("usage: python -m verifier tree DIR ADDRESS", file=sys.stderr)
        return 2
    try:
        channel, _ = address.read(arguments[2])
    except Refused as refusal:
        print(f"the address is refused: {refusal}", file=sys.stderr)
        return 2
    carrier = Carrier(find_tree(Path(arguments[1])), channel)
    carrier.check()
    for line in carrier.lines:
        print(line)
    for line in carrier.missing:
        print(f"missing: {line}")
    for line in carrier.problems:
        print(f"WRONG: {line}")
    print(f"{len(carrier.problems)} wrong, {len(carrier.missing)} missing")
    return 1 if carrier.problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
