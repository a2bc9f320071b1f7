"""Signed headers of items, and runs of them (docs/spec/header.md)."""

from dataclasses import dataclass

from . import edwards
from .charter import DESK, EDIT, LIVE, MODERATE, POST, ZEROS
from .hashes import labelled, log_id, message, plain
from .limits import HEADER_BYTES_MAX, LOG_ITEMS_MAX
from .reader import Reader
from .refusal import require

ARTICLE_KINDS = (1, 2, 3)
RETRACTION_KIND = 4

# kind: (roles of which one suffices, bytes of payload at most)
KINDS = {
    1: (POST, 131_072),
    2: (POST, 262_144),
    3: (POST, 4_096),
    4: (POST | EDIT, 4_096),
    5: (LIVE, 65_536),
    6: (LIVE, 65_536),
    7: (MODERATE, 65_536),
    8: (MODERATE, 65_536),
    9: (DESK, 65_536),
    10: (DESK, 65_536),
}
UNKNOWN_PAYLOAD_BYTES_MAX = 65_536


def payload_bytes_max(kind: int) -> int:
    return KINDS[kind][1] if kind in KINDS else UNKNOWN_PAYLOAD_BYTES_MAX


@dataclass
class Header:
    kind: int
    log: bytes
    seq: int
    time: int
    expiry: int
    payload_length: int
    payload_hash: bytes
    previous: bytes
    tlv: bytes
    signature: bytes
    signed: bytes
    id: bytes


def decode(data: bytes) -> Header:
    """Decodes one signed header; the signature is not checked here."""
    reader = Reader(data, HEADER_BYTES_MAX)
    reader.version()
    kind = reader.u8()
    require(kind != 0, "bad-value", "kind 0")
    require(reader.u16() == 0, "bad-value", "flags")
    log = reader.take(16)
    seq = reader.below(LOG_ITEMS_MAX)
    time = reader.time()
    expiry = reader.time()
    length = reader.u32()
    require(length <= payload_bytes_max(kind), "too-long", f"payload of {length} bytes")
    payload_hash = reader.take(32)
    previous = reader.take(32)
    require((previous == ZEROS) == (seq == 0), "bad-value", "previous")
    tlv = reader.tlv()
    signed = data[:reader.position]
    signature = reader.take(64)
    reader.end()
    return Header(kind, log, seq, time, expiry, length, payload_hash, previous, tlv, signature, signed, labelled("item", data))


def check_signature(header: Header, channel: bytes, key: bytes) -> None:
    valid = edwards.verify(key, message("item signature", channel, header.signed), header.signature)
    require(valid, "bad-signature", f"item {header.seq}")


def verify(data: bytes, delegate_keys: set[bytes], channel: bytes, key: bytes, incarnation: int) -> Header:
    """Verifies an item that stands alone, against the keys of all delegates that any charter names."""
    header = decode(data)
    require(key in delegate_keys, "unknown-key", key.hex())
    require(header.log == log_id(channel, key, incarnation), "wrong-log")
    check_signature(header, channel, key)
    return header


def verify_run(datas: list[bytes], delegate_keys: set[bytes], channel: bytes, key: bytes, incarnation: int) -> list[Header]:
    """Verifies a contiguous run by its links and the signature of its last header."""
    require(key in delegate_keys, "unknown-key", key.hex())
    headers = []
    log = log_id(channel, key, incarnation)
    for data in datas:
        header = decode(data)
        require(header.log == log, "wrong-log")
        if headers:
            require(header.seq == headers[-1].seq + 1, "out-of-sequence")
            require(header.previous == headers[-1].id, "not-linked")
        headers.append(header)
    check_signature(headers[-1], channel, key)
    return headers


def check_payload(header: Header, payload: bytes) -> None:
    """Checks that these bytes are the header's payload."""
    require(len(payload) == header.payload_length and plain(payload) == header.payload_hash, "hash-mismatch")
