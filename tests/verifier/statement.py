"""Statements (docs/spec/statement.md)."""

from dataclasses import dataclass

from . import edwards
from .charter import ZEROS
from .hashes import labelled, log_id, message
from .limits import CITATIONS_MAX, LOG_ITEMS_MAX
from .reader import Reader, ascends
from .refusal import require


@dataclass
class Citation:
    log: bytes
    seq: int
    prefix: bytes


@dataclass
class Statement:
    key: bytes
    incarnation: int
    counter: int
    time: int
    next_word: int
    items: int
    tip: bytes
    charter: int
    citations: list[Citation]
    signature: bytes
    signed: bytes

    def bytes(self) -> bytes:
        return self.signed + self.signature

    def log(self, channel: bytes) -> bytes:
        return log_id(channel, self.key, self.incarnation)

    def rank(self) -> tuple[int, bytes]:
        """Returns what decides between two statements of one log; the greater wins."""
        return self.counter, labelled("statement", self.bytes())


def decode(data: bytes) -> Statement:
    """Decodes a statement that stands alone; the signature is not checked here."""
    reader = Reader(data)
    statement = read(reader)
    reader.end()
    return statement


def read(reader: Reader) -> Statement:
    """Reads a statement from a stream, as it stands in a head."""
    start = reader.position
    reader.magic(b"LES")
    key = reader.key()
    incarnation = reader.u64()
    counter = reader.u64()
    time, next_word = reader.time(), reader.time()
    items = reader.below(LOG_ITEMS_MAX + 1)
    tip = reader.take(32)
    require((tip == ZEROS) == (items == 0), "bad-value", "tip")
    charter = reader.u64()
    require(charter >= 1, "bad-value", "charter 0")
    citations: list[Citation] = []
    for _ in range(reader.count(1, CITATIONS_MAX)):
        log = reader.take(16)
        ascends(citations[-1].log if citations else None, log)
        citations.append(Citation(log, reader.below(LOG_ITEMS_MAX), reader.take(16)))
    signed = reader.data[start:reader.position]
    signature = reader.take(64)
    return Statement(key, incarnation, counter, time, next_word, items, tip, charter, citations, signature, signed)


def check_citations(statement: Statement, channel: bytes) -> None:
    own = statement.log(channel)
    require(all(citation.log != own for citation in statement.citations), "bad-value", "cites its own log")


def verify(data: bytes, channel: bytes, delegate_keys: set[bytes]) -> Statement:
    """Verifies a statement against the keys of all delegates that any charter names."""
    statement = decode(data)
    check_citations(statement, channel)
    check_known(statement, channel, delegate_keys)
    return statement


def check_known(statement: Statement, channel: bytes, delegate_keys: set[bytes]) -> None:
    """Checks key and signature of a decoded statement."""
    require(statement.key in delegate_keys, "unknown-key", statement.key.hex())
    text = message("statement signature", channel, statement.signed)
    require(edwards.verify(statement.key, text, statement.signature), "bad-signature", "statement")
