"""Heads and their merge (docs/spec/head.md)."""

from dataclasses import dataclass

from . import statement as statements
from .limits import FORKS_LISTED_MAX, HEAD_BYTES_MAX, HEAD_STATEMENTS_MAX
from .reader import Reader, ascends
from .refusal import require
from .statement import Statement


@dataclass
class Head:
    channel: bytes
    charter: int
    charter_hash: bytes
    statements: dict[bytes, Statement]
    forks: list[bytes]


def decode(data: bytes) -> Head:
    """Decodes a head; signatures of its statements are checked one by one by whoever uses them."""
    reader = Reader(data, HEAD_BYTES_MAX)
    reader.magic(b"LEH")
    channel = reader.take(32)
    number = reader.u64()
    require(number >= 1, "bad-value", "charter 0")
    charter_hash = reader.take(32)
    held: dict[bytes, Statement] = {}
    before = None
    for _ in range(reader.count(1, HEAD_STATEMENTS_MAX)):
        statement = statements.read(reader)
        statements.check_citations(statement, channel)
        log = statement.log(channel)
        ascends(before, log)
        held[log] = statement
        before = log
    forks: list[bytes] = []
    for _ in range(reader.count(1, FORKS_LISTED_MAX)):
        fork = reader.take(16)
        ascends(forks[-1] if forks else None, fork)
        forks.append(fork)
    reader.end()
    return Head(channel, number, charter_hash, held, forks)


def encode(head: Head) -> bytes:
    listed = [head.statements[log].bytes() for log in sorted(head.statements)]
    return (b"LEH\x01" + head.channel + head.charter.to_bytes(8, "little") + head.charter_hash + bytes([len(listed)])
            + b"".join(listed) + bytes([len(head.forks)]) + b"".join(head.forks))


def merge(a: Head, b: Head) -> Head:
    """Merges two heads of one channel."""
    require(a.channel == b.channel, "wrong-channel")
    newest = min((a, b), key=lambda head: (-head.charter, head.charter_hash))
    held = dict(a.statements)
    for log, statement in b.statements.items():
        if log not in held or statement.rank() > held[log].rank():
            held[log] = statement
    kept = sorted(held, key=lambda log: (-held[log].time, log))[:HEAD_STATEMENTS_MAX]
    forks = sorted(set(a.forks) | set(b.forks))[:FORKS_LISTED_MAX]
    return Head(a.channel, newest.charter, newest.charter_hash, {log: held[log] for log in kept}, forks)
