"""Charters: one decoded, and a chain of them (docs/spec/charter.md)."""

from dataclasses import dataclass, field

from . import edwards
from .hashes import labelled, log_id, message
from .limits import (CHARTER_BYTES_MAX, CHARTERS_MAX, CLOSINGS_MAX, DELEGATES_MAX, LABEL_BYTES_MAX, LOG_ITEMS_MAX, NAME_BYTES_MAX,
                     REGION_BYTES_MAX, ROOTS_MAX)
from .reader import Reader, ascends
from .refusal import require

POST, EDIT, LIVE, MODERATE, DESK = 1, 2, 4, 8, 16
ZEROS = bytes(32)


@dataclass
class Delegate:
    key: bytes
    roles: int
    region: str
    not_before: int
    not_after: int
    label: str
    enrolment: bytes

    def lives_at(self, time: int) -> bool:
        """Tells whether a time lies in the key's life, both ends included."""
        return self.not_before <= time and (self.not_after == 0 or time <= self.not_after)


@dataclass
class Closing:
    log: bytes
    key: bytes
    incarnation: int
    items: int
    tip: bytes
    root: bytes


@dataclass
class Charter:
    number: int
    origin: int
    salt_or_channel: bytes
    time: int
    name: str
    threshold: int
    roots: list[bytes]
    next: bytes
    delegates: list[Delegate]
    closings: list[Closing]
    signatures: list[tuple[bytes, bytes]]
    hash: bytes

    def channel(self) -> bytes:
        return self.hash if self.origin == 0 else self.salt_or_channel

    def root_set(self) -> bytes:
        """Returns the commitment to this charter's roots and threshold."""
        return labelled("roots", encode_root_set(self.threshold, self.roots))

    def founding(self) -> bytes:
        """Returns what stands for the channel in enrolments; only charter 1 has it."""
        assert self.origin == 0
        return labelled("founding", self.salt_or_channel + self.next + encode_root_set(self.threshold, self.roots))

    def delegate(self, key: bytes) -> Delegate | None:
        return next((entry for entry in self.delegates if entry.key == key), None)


def encode_root_set(threshold: int, roots: list[bytes]) -> bytes:
    return bytes([threshold, len(roots)]) + b"".join(roots)


def enrolment_message(founding: bytes, key: bytes, roles: int, region: str) -> bytes:
    raw = region.encode()
    return message("enrolment", founding, key + roles.to_bytes(2, "little") + len(raw).to_bytes(4, "little") + raw)


def signature_message(channel: bytes, charter_hash: bytes) -> bytes:
    return message("charter signature", channel, charter_hash)


def decode(data: bytes) -> Charter:
    """Decodes a charter with its signatures and checks everything that needs no other object."""
    reader = Reader(data, CHARTER_BYTES_MAX)
    reader.magic(b"LEC")
    number = reader.u64()
    require(number >= 1, "bad-value", "charter 0")
    origin = reader.u8()
    require(origin == (0 if number == 1 else 1), "bad-value", "origin")
    salt_or_channel = reader.take(32)
    time = reader.time()
    name = reader.text(NAME_BYTES_MAX, 1)
    threshold = reader.u8()
    require(threshold >= 1, "bad-value", "threshold 0")
    count = reader.count(1, ROOTS_MAX, 1)
    require(threshold <= count, "bad-value", "threshold above the number of roots")
    roots = read_ascending(reader, count, Reader.key, lambda root: root)
    following = reader.take(32)
    delegates = read_ascending(reader, reader.count(1, DELEGATES_MAX), read_delegate, None)
    count = reader.count(2, CLOSINGS_MAX)
    require(number > 1 or count == 0, "bad-value", "charter 1 closes nothing")
    closings = read_ascending(reader, count, read_closing, None)
    require(reader.u8() == 0, "bad-value", "steward threshold")
    require(reader.u8() == 0, "bad-value", "stewards")
    reader.tlv()
    body = data[:reader.position]
    count = reader.count(1, 2 * ROOTS_MAX, 1)
    signatures = read_ascending(reader, count, read_signature, None)
    reader.end()
    return Charter(number, origin, salt_or_channel, time, name, threshold, roots, following, delegates, closings,
                   signatures, labelled("charter", body))


def read_ascending(reader: Reader, count: int, read_one, order_of) -> list:
    """Reads `count` entries; a reader of structures checks the order itself, as soon as it has the sorting field."""
    entries = []
    before = None
    for _ in range(count):
        if order_of is None:
            before, entry = read_one(reader, before)
        else:
            entry = read_one(reader)
            ascends(before, order_of(entry))
            before = order_of(entry)
        entries.append(entry)
    return entries


def read_delegate(reader: Reader, before: bytes | None):
    key = reader.key()
    ascends(before, key)
    roles = reader.u16()
    require(0 < roles <= 31, "bad-value", f"roles {roles}")
    require(not (roles & DESK and roles & (POST | EDIT)), "bad-value", "desk excludes post and edit")
    region = reader.text(REGION_BYTES_MAX)
    not_before = reader.time()
    not_after = reader.time()
    require(not_after == 0 or not_after > not_before, "bad-value", "not-after")
    label = reader.text(LABEL_BYTES_MAX)
    return key, Delegate(key, roles, region, not_before, not_after, label, reader.take(64))


def read_closing(reader: Reader, before: bytes | None):
    log = reader.take(16)
    ascends(before, log)
    key = reader.key()
    incarnation = reader.u64()
    items = reader.below(LOG_ITEMS_MAX + 1)
    tip = reader.take(32)
    require((tip == ZEROS) == (items == 0), "bad-value", "tip")
    root = reader.take(32)
    require((root == ZEROS) == (items == 0), "bad-value", "root")
    return log, Closing(log, key, incarnation, items, tip, root)


def read_signature(reader: Reader, before: bytes | None):
    root = reader.key()
    ascends(before, root)
    return root, (root, reader.take(64))


@dataclass
class Chain:
    """The accepted charters of one channel, in sequence, and the two that contradict each other behind them, if there are such."""

    channel: bytes
    charters: list[Charter] = field(default_factory=list)
    rivals: list[Charter] = field(default_factory=list)

    def accept(self, data: bytes) -> Charter:
        """Verifies a charter against those before it, and applies it."""
        charter = decode(data)
        self.verify(charter)
        self.apply(charter)
        return charter

    def verify(self, charter: Charter) -> None:
        require(charter.channel() == self.channel, "wrong-channel")
        require(charter.number <= min(len(self.charters) + 1, CHARTERS_MAX), "out-of-sequence", f"charter {charter.number}")
        earlier = self.charters[:charter.number - 1]
        self.check_enrolments(charter)
        for closing in charter.closings:
            require(closing.log == log_id(self.channel, closing.key, closing.incarnation), "wrong-log", "closing")
        self.check_signatures(charter, earlier)
        if earlier:
            self.check_succession(charter, earlier)

    def fate(self, charter: Charter) -> str:
        """Tells what becomes of a verified charter: "next", "known" or "rival"."""
        if charter.number <= len(self.charters):
            return "known" if self.charters[charter.number - 1].hash == charter.hash else "rival"
        if not self.rivals:
            return "next"
        kept = [one.hash for one in self.rivals]
        return "known" if charter.hash in kept or charter.hash > max(kept) else "rival"

    def apply(self, charter: Charter) -> None:
        fate = self.fate(charter)
        if fate == "next":
            self.charters.append(charter)
        if fate == "rival":
            beside = self.charters[charter.number - 1:charter.number] or self.rivals
            self.rivals = sorted([*beside, charter], key=lambda one: one.hash)[:2]
            del self.charters[charter.number - 1:]

    def check_enrolments(self, charter: Charter) -> None:
        founding = (self.charters[0] if self.charters else charter).founding()
        for entry in charter.delegates:
            text = enrolment_message(founding, entry.key, entry.roles, entry.region)
            require(edwards.verify(entry.key, text, entry.enrolment), "bad-enrolment", entry.key.hex())

    def check_signatures(self, charter: Charter, earlier: list[Charter]) -> None:
        before = earlier[-1] if earlier else None
        text = signature_message(self.channel, charter.hash)
        for root, signature in charter.signatures:
            known = root in charter.roots or (before is not None and root in before.roots)
            require(known, "unknown-signer", root.hex())
            require(edwards.verify(root, text, signature), "bad-signature", root.hex())
        signers = {root for root, _ in charter.signatures}
        require(len(signers & set(charter.roots)) >= charter.threshold, "below-threshold", "own roots")
        if before is not None:
            require(len(signers & set(before.roots)) >= before.threshold, "below-threshold", "roots of the charter before")

    def check_succession(self, charter: Charter, earlier: list[Charter]) -> None:
        before = earlier[-1]
        if charter.root_set() == before.root_set():
            allowed = charter.next == before.next
        else:
            allowed = False
        if charter.root_set() == before.next and charter.next != before.next:
            allowed = True
        require(allowed, "roots-not-committed")
        for entry in charter.delegates:
            former = before.delegate(entry.key)
            if former is not None:
                require(not narrows(former, entry), "delegate-narrowed", entry.key.hex())
        for entry in charter.delegates:
            once = any(older.delegate(entry.key) for older in earlier)
            require(not once or before.delegate(entry.key) is not None, "delegate-returned", entry.key.hex())
        for closing in charter.closings:
            known = any(one.delegate(closing.key) for one in [charter, *earlier])
            require(known, "unknown-key", closing.key.hex())

    def newest_entry(self, key: bytes) -> Delegate | None:
        """Returns the newest entry of a key in any charter."""
        return next((found for charter in reversed(self.charters) if (found := charter.delegate(key))), None)

    def closing(self, log: bytes) -> Closing | None:
        """Returns the closing that holds for a log: that of the latest charter that names it."""
        return next((entry for charter in reversed(self.charters) for entry in charter.closings if entry.log == log), None)


def narrows(former: Delegate, entry: Delegate) -> bool:
    """Tells whether a delegate that stays loses anything."""
    latest = lambda time: time if time else float("inf")
    return (entry.region != former.region or former.roles & ~entry.roles != 0 or entry.not_before > former.not_before
            or latest(entry.not_after) < latest(former.not_after))
