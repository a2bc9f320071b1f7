"""Fork proofs (docs/spec/closing.md)."""

from dataclasses import dataclass

from . import header as headers
from .hashes import log_id
from .header import Header
from .limits import HEADER_BYTES_MAX
from .reader import Reader
from .refusal import require


@dataclass
class Fork:
    key: bytes
    incarnation: int
    a: Header
    b: Header
    bytes: bytes

    def rank(self) -> tuple[int, bytes]:
        """Returns what decides between two proofs for one log; the smaller one is kept."""
        return self.a.seq, self.bytes


def read_header(reader: Reader) -> Header:
    length = reader.u16()
    require(length <= HEADER_BYTES_MAX, "too-long", "header")
    return headers.decode(reader.take(length))


def decode(data: bytes) -> Fork:
    reader = Reader(data)
    reader.magic(b"LEF")
    key = reader.key()
    incarnation = reader.u64()
    a = read_header(reader)
    b = read_header(reader)
    reader.end()
    return Fork(key, incarnation, a, b, data)


def verify(data: bytes, channel: bytes, delegate_keys: set[bytes]) -> Fork:
    """Verifies that a delegate signed two headers that cannot stand in one log."""
    fork = decode(data)
    require(fork.key in delegate_keys, "unknown-key", fork.key.hex())
    log = log_id(channel, fork.key, fork.incarnation)
    require(fork.a.log == log and fork.b.log == log, "wrong-log")
    if fork.a.seq == fork.b.seq:
        require(fork.a.id != fork.b.id, "not-a-fork", "twice the same header")
        require(fork.a.id < fork.b.id, "not-canonical", "IDs ascend")
    else:
        require(fork.b.seq == fork.a.seq + 1 and fork.b.previous != fork.a.id, "not-a-fork")
    headers.check_signature(fork.a, channel, fork.key)
    headers.check_signature(fork.b, channel, fork.key)
    return fork
