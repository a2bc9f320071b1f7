"""The Merkle tree over a closed log, and proofs in it (docs/spec/closing.md)."""

from .charter import ZEROS
from .hashes import keyed, labelled
from .limits import LOG_ITEMS_MAX
from .refusal import require

TREE_KEY = labelled("closing tree", b"")


def leaf(item: bytes) -> bytes:
    return keyed(TREE_KEY, b"\0" + item)


def node(left: bytes, right: bytes) -> bytes:
    return keyed(TREE_KEY, b"\1" + left + right)


def split(count: int) -> int:
    """Returns the largest power of two below a count of two or more."""
    return 1 << (count - 1).bit_length() - 1


def root(items: list[bytes]) -> bytes:
    """Returns the root over item IDs; zeros over none."""
    if not items:
        return ZEROS
    if len(items) == 1:
        return leaf(items[0])
    middle = split(len(items))
    return node(root(items[:middle]), root(items[middle:]))


def prove(items: list[bytes], seq: int) -> list[bytes]:
    """Returns the siblings from the leaf upwards."""
    if len(items) == 1:
        return []
    middle = split(len(items))
    if seq < middle:
        return prove(items[:middle], seq) + [root(items[middle:])]
    return prove(items[middle:], seq - middle) + [root(items[:middle])]


def check_proof(item: bytes, seq: int, count: int, tree_root: bytes, proof: bytes) -> None:
    """Checks that an item is number `seq` of the `count` that the root stands for."""
    require(count <= LOG_ITEMS_MAX and seq < count, "bad-proof", "no such item")
    sides = []
    while count > 1:
        middle = split(count)
        right = seq >= middle
        sides.append(right)
        seq, count = (seq - middle, count - middle) if right else (seq, middle)
    require(len(proof) == 32 * len(sides), "bad-proof", "length")
    current = leaf(item)
    for place, right in enumerate(reversed(sides)):
        sibling = proof[32 * place:32 * place + 32]
        current = node(sibling, current) if right else node(current, sibling)
    require(current == tree_root, "bad-proof", "another root")
