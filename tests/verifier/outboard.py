"""Outboards and group hashes: verifying any part of a blob (docs/spec/outboard.md)."""

import numpy

from .limits import GROUP_BYTES
from .refusal import require
from .subtree import CHUNK_BYTES, INITIAL, PARENT, chaining_value, compress, full_chunks, join, parent_value, parents, to_bytes

BLOCK_BYTES = 16_384
GROUP_BLOCKS = GROUP_BYTES // BLOCK_BYTES
PAIR_BYTES = 64


def blocks_of(size: int) -> int:
    return max(1, -(-size // BLOCK_BYTES))


def pairs_in_order(count: int) -> list[tuple[int, int]]:
    """Returns (first block, blocks) of every inner node in pre-order."""
    found, waiting = [], [(0, count)]
    while waiting:
        first, blocks = waiting.pop()
        if blocks == 1:
            continue
        found.append((first, blocks))
        middle = left_of(blocks)
        waiting += [(first + middle, blocks - middle), (first, middle)]
    return found


def left_of(count: int) -> int:
    """Returns how many of two or more leaves stand on the left: the largest power of two below their count."""
    return 1 << (count - 1).bit_length() - 1


def block_values(data: bytes, start: int = 0) -> list[bytes]:
    """Returns the chaining values of the blocks of `data`, which begins at byte `start` of its blob; all whole blocks at once."""
    whole = len(data) // BLOCK_BYTES * BLOCK_BYTES
    found = []
    if whole:
        row = full_chunks(data[:whole], start // CHUNK_BYTES)
        while row.shape[1] > whole // BLOCK_BYTES:
            row = parents(row)
        found = columns(row)
    return found + ([chaining_value(data[whole:], start + whole)] if whole < len(data) else [])


def columns(row) -> list[bytes]:
    return [column.astype("<u4").tobytes() for column in row.T]


def write(data: bytes) -> bytes:
    """Returns the outboard of a blob; empty for a blob of one block."""
    count = blocks_of(len(data))
    values = {(place, 1): value for place, value in enumerate(block_values(data))} if count > 1 else {}
    pairs = {}
    for first, blocks in reversed(pairs_in_order(count)):
        middle = left_of(blocks)
        pair = values[(first, middle)], values[(first + middle, blocks - middle)]
        pairs[(first, blocks)] = pair[0] + pair[1]
        values[(first, blocks)] = parent_value(*pair, False)
    return b"".join(pairs[node] for node in pairs_in_order(count))


def write_groups(data: bytes) -> list[bytes]:
    """Returns the values of the 1 MiB groups; none for a blob below 1 MiB, the blob's hash for a single group."""
    if len(data) < GROUP_BYTES:
        return []
    if len(data) == GROUP_BYTES:
        return [chaining_value(data, 0, True)]
    return [chaining_value(data[start:start + GROUP_BYTES], start) for start in range(0, len(data), GROUP_BYTES)]


def check(blob: bytes, size: int, outboard: bytes, may_lack: bool = False) -> list[bytes | None]:
    """Checks an outboard against the hash of its blob, and returns the values of the blocks.

    With `may_lack`, the slice of a group may be all zeros, as holders of a part write it; its blocks are then None.
    """
    count = blocks_of(size)
    require(len(outboard) >= PAIR_BYTES * (count - 1), "truncated", "outboard")
    require(len(outboard) == PAIR_BYTES * (count - 1), "trailing-bytes", "outboard")
    leaves: list[bytes | None] = [blob] * count
    if count == 1:
        return leaves
    nodes = pairs_in_order(count)
    lacking = lacking_groups(nodes, outboard) if may_lack else set()
    stated = {(0, count): blob}
    for place, (first, blocks) in enumerate(nodes):
        middle = left_of(blocks)
        left, right = (outboard[at:at + 32] for at in (PAIR_BYTES * place, PAIR_BYTES * place + 32))
        stated[(first, middle)], stated[(first + middle, blocks - middle)] = left, right
    values = parents_of(outboard)
    for place, node in enumerate(nodes):
        if group_of(node) not in lacking:
            require(values[place] == stated[node], "hash-mismatch", f"outboard, pair {place}")
    for (first, blocks), value in stated.items():
        if blocks == 1:
            leaves[first] = None if first // GROUP_BLOCKS in lacking else value
    return leaves


def group_of(node: tuple[int, int]) -> int | None:
    """Returns the group in whose slice a node stands; None for the nodes above the groups."""
    first, blocks = node
    return first // GROUP_BLOCKS if first // GROUP_BLOCKS == (first + blocks - 1) // GROUP_BLOCKS else None


def lacking_groups(nodes: list[tuple[int, int]], outboard: bytes) -> set[int]:
    """Returns the groups whose whole slice is zeros."""
    held, seen = set(), set()
    for place, node in enumerate(nodes):
        seen.add(group_of(node))
        if any(outboard[PAIR_BYTES * place:PAIR_BYTES * (place + 1)]):
            held.add(group_of(node))
    return seen - held - {None}


def parents_of(pairs: bytes) -> list[bytes]:
    """Returns the value of every pair; the first one is the root."""
    words = numpy.frombuffer(pairs, "<u4").reshape(-1, 16).T
    root = parent_value(pairs[:32], pairs[32:64], True)
    lanes = words.shape[1]
    row = compress(numpy.repeat(INITIAL[:, None], lanes, axis=1), words, numpy.zeros(lanes, numpy.uint64), 64, PARENT)
    return [root, *columns(row)[1:]]


def check_range(blob: bytes, size: int, outboard: bytes, start: int, data: bytes) -> int:
    """Checks bytes of a blob from a whole block on, and returns how many of them, from the first on, are whole checked blocks."""
    leaves = check(blob, size, outboard, may_lack=True)
    require(start % BLOCK_BYTES == 0 and start + len(data) <= size, "bad-value", "range")
    good = len(data) if start + len(data) == size else len(data) // BLOCK_BYTES * BLOCK_BYTES
    if len(leaves) == 1:
        require(chaining_value(data[:good], 0, True) == blob, "hash-mismatch", "block 0")
        return good
    for place, value in enumerate(block_values(data[:good], start)):
        expected = leaves[start // BLOCK_BYTES + place]
        if expected is None:
            return place * BLOCK_BYTES
        require(value == expected, "hash-mismatch", f"block {start // BLOCK_BYTES + place}")
    return good


def check_groups(blob: bytes, size: int, values: list[bytes]) -> None:
    """Checks the values of the 1 MiB groups against the hash of their blob."""
    require(len(values) == -(-size // GROUP_BYTES), "not-canonical", "count of groups")
    if len(values) == 1:
        top = values[0]
    else:
        top = to_bytes(join(numpy.array([numpy.frombuffer(value, "<u4") for value in values]).T, True))
    require(top == blob, "hash-mismatch", "groups")
