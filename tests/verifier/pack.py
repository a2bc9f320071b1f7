"""Packs, read in one pass (docs/spec/pack.md)."""

from dataclasses import dataclass, field

from . import header as headers
from .hashes import log_id
from .header import Header
from .limits import HEADER_BYTES_MAX, LOG_ITEMS_MAX, PACK_LEVEL_MAX, PACK_LIES_MAX, PAYLOAD_BYTES_MAX
from .reader import Reader
from .refusal import Refused, require

GOOD, LEFT_OUT, UNREAD = "good", "left-out", "unread"


@dataclass
class Slot:
    """What one slot of a pack gave: each state is GOOD, LEFT_OUT, UNREAD or the code of a refusal."""

    seq: int
    header_state: str = UNREAD
    payload_state: str = UNREAD
    header: Header | None = None
    header_bytes: bytes = b""
    payload: bytes | None = None


@dataclass
class Pack:
    level: int
    index: int
    key: bytes
    incarnation: int
    slots: list[Slot] = field(default_factory=list)
    end: str = "complete"


def read(data: bytes, channel: bytes, delegate_keys: set[bytes]) -> Pack:
    """Reads a pack and keeps what is good of it; only a bad opening refuses the whole."""
    reader = Reader(data)
    reader.magic(b"LEP")
    level = reader.below(PACK_LEVEL_MAX + 1, 1)
    count = 8**level
    index = reader.below(LOG_ITEMS_MAX // count)
    key = reader.key()
    incarnation = reader.u64()
    require(key in delegate_keys, "unknown-key", key.hex())
    pack = Pack(level, index, key, incarnation, [Slot(index * count + place) for place in range(count)])
    try:
        read_headers(reader, pack, log_id(channel, key, incarnation))
    except Refused as refusal:
        pack.end = refusal.code
    check_runs(pack, channel)
    if pack.end == "complete":
        try:
            read_payloads(reader, pack, read_table(reader, pack))
            reader.end()
        except Refused as refusal:
            pack.end = refusal.code
    return pack


def read_headers(reader: Reader, pack: Pack, log: bytes) -> None:
    for slot in pack.slots:
        length = reader.u16()
        require(length <= HEADER_BYTES_MAX, "too-long", "header slot")
        raw = reader.take(length)
        if length == 0:
            slot.header_state = LEFT_OUT
            continue
        try:
            header = headers.decode(raw)
            require(header.log == log, "wrong-log")
            require(header.seq == slot.seq, "out-of-sequence")
        except Refused as refusal:
            slot.header_state = refusal.code
        else:
            slot.header, slot.header_bytes = header, raw


def check_runs(pack: Pack, channel: bytes) -> None:
    """Walks from the last slot to the first: a header is good by its own signature or by the link from a good one above it."""
    above: Header | None = None
    lies = 0
    for slot in reversed(pack.slots):
        if slot.header is None:
            above = None
            continue
        if above is None or above.previous != slot.header.id:
            try:
                require(lies <= PACK_LIES_MAX, "bad-signature", "refused unseen")
                headers.check_signature(slot.header, channel, pack.key)
            except Refused as refusal:
                lies += 1
                slot.header_state, slot.header, above = refusal.code, None, None
                continue
        slot.header_state, above = GOOD, slot.header


def read_table(reader: Reader, pack: Pack) -> list[int]:
    lengths = []
    total = 0
    for _ in pack.slots:
        require(reader.u64() == total, "not-canonical", "offset")
        length = reader.u32()
        require(length <= PAYLOAD_BYTES_MAX, "too-long", "payload")
        lengths.append(length)
        total += length
    return lengths


def read_payloads(reader: Reader, pack: Pack, lengths: list[int]) -> None:
    for slot, length in zip(pack.slots, lengths):
        payload = reader.take(length)
        if slot.header is None:
            # A damaged header costs its own payload, which stays unread, but not those behind it.
            if slot.header_state == LEFT_OUT:
                slot.payload_state = "not-canonical" if length else LEFT_OUT
        elif length == 0 and slot.header.payload_length > 0:
            slot.payload_state = LEFT_OUT
        elif length != slot.header.payload_length:
            slot.payload_state = "not-canonical"
        else:
            try:
                headers.check_payload(slot.header, payload)
                slot.payload_state, slot.payload = GOOD, payload
            except Refused as refusal:
                slot.payload_state = refusal.code
