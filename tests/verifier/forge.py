"""Writes objects, good ones and bad ones, for the vectors. Everything follows from labels, so a second run writes the same bytes."""

from dataclasses import dataclass, field, replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from . import charter, closing
from .hashes import labelled, log_id, message, plain

JUNE_MS = 1_780_272_000_000
HOUR_MS = 3_600_000


def seed(label: str) -> bytes:
    return plain(b"longear vectors " + label.encode())


def u(width: int, value: int) -> bytes:
    return value.to_bytes(width, "little")


def text(value: str | bytes) -> bytes:
    raw = value if isinstance(value, bytes) else value.encode()
    return u(4, len(raw)) + raw


class Signer:
    """A key pair whose secret follows from a label."""

    def __init__(self, label: str):
        self.secret = Ed25519PrivateKey.from_private_bytes(seed("key " + label))
        self.key = self.secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, data: bytes) -> bytes:
        return self.secret.sign(data)


@dataclass
class Enrolled:
    """A delegate as a charter lists it."""

    signer: Signer
    roles: int = charter.POST
    region: str = ""
    not_before: int = JUNE_MS
    not_after: int = 0
    label: str = "desk one"
    founding: bytes | None = None
    enrolment: bytes | None = None

    def bytes(self, founding: bytes) -> bytes:
        asked = charter.enrolment_message(self.founding or founding, self.signer.key, self.roles, self.region)
        enrolment = self.enrolment or self.signer.sign(asked)
        return (self.signer.key + u(2, self.roles) + text(self.region) + u(8, self.not_before) + u(8, self.not_after)
                + text(self.label) + enrolment)


@dataclass
class Closed:
    """A closing as a charter lists it."""

    key: bytes
    incarnation: int
    items: list[bytes]
    log: bytes | None = None
    count: int | None = None
    tip: bytes | None = None
    root: bytes | None = None

    def bytes(self, channel: bytes) -> bytes:
        tip = self.items[-1] if self.items else bytes(32)
        return (self.log_in(channel) + self.key + u(8, self.incarnation)
                + u(8, len(self.items) if self.count is None else self.count)
                + (tip if self.tip is None else self.tip) + (closing.root(self.items) if self.root is None else self.root))

    def log_in(self, channel: bytes) -> bytes:
        return self.log or log_id(channel, self.key, self.incarnation)


@dataclass
class Draft:
    """A charter to be written; every field can be set to something wrong."""

    founding: bytes | None = None
    channel: bytes | None = None
    magic: bytes = b"LEC"
    version: int = 1
    number: int = 1
    origin: int | None = None
    salt: bytes = field(default_factory=lambda: seed("salt"))
    time: int = JUNE_MS
    name: str | bytes = "Newsroom"
    threshold: int = 2
    roots: list[Signer] = field(default_factory=list)
    root_count: int | None = None
    sort_roots: bool = True
    next: bytes = bytes(32)
    delegates: list[Enrolled] = field(default_factory=list)
    delegate_count: int | None = None
    sort_delegates: bool = True
    closings: list[Closed] = field(default_factory=list)
    closing_count: int | None = None
    sort_closings: bool = True
    stewards: bytes = b"\0\0"
    tlv: bytes = b"\0\0"
    signers: list[Signer] | None = None
    signature_count: int | None = None
    sort_signatures: bool = True

    def changed(self, **changes) -> "Draft":
        return replace(self, **changes)

    def root_keys(self) -> list[bytes]:
        keys = [root.key for root in self.roots]
        return sorted(keys) if self.sort_roots else keys

    def own_founding(self) -> bytes:
        return labelled("founding", self.salt + self.next + charter.encode_root_set(self.threshold, self.root_keys()))

    def body(self) -> bytes:
        origin = (0 if self.number == 1 else 1) if self.origin is None else self.origin
        founding = self.founding or self.own_founding()
        keys = self.root_keys()
        delegates = sorted(self.delegates, key=lambda entry: entry.signer.key) if self.sort_delegates else self.delegates
        channel = self.channel or bytes(32)
        closings = sorted(self.closings, key=lambda entry: entry.log_in(channel)) if self.sort_closings else self.closings
        count = lambda stated, entries: len(entries) if stated is None else stated
        return (self.magic + u(1, self.version) + u(8, self.number) + u(1, origin)
                + (self.salt if self.number == 1 else channel) + u(8, self.time) + text(self.name)
                + u(1, self.threshold) + u(1, count(self.root_count, keys)) + b"".join(keys) + self.next
                + u(1, count(self.delegate_count, delegates)) + b"".join(entry.bytes(founding) for entry in delegates)
                + u(2, count(self.closing_count, closings)) + b"".join(entry.bytes(channel) for entry in closings)
                + self.stewards + self.tlv)

    def hash(self) -> bytes:
        return labelled("charter", self.body())

    def bytes(self) -> bytes:
        body = self.body()
        channel = self.channel or labelled("charter", body)
        asked = charter.signature_message(channel, labelled("charter", body))
        return body + self.signatures([(one.key, one.sign(asked)) for one in (self.roots if self.signers is None else self.signers)])

    def signatures(self, pairs: list[tuple[bytes, bytes]]) -> bytes:
        pairs = sorted(pairs) if self.sort_signatures else pairs
        count = len(pairs) if self.signature_count is None else self.signature_count
        return u(1, count) + b"".join(key + signature for key, signature in pairs)


@dataclass
class Writer:
    """One log of one delegate in one channel."""

    channel: bytes
    signer: Signer
    incarnation: int = 7
    datas: list[bytes] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)

    def log(self) -> bytes:
        return log_id(self.channel, self.signer.key, self.incarnation)

    def id(self, place: int) -> bytes:
        return labelled("item", self.datas[place])

    def ids(self) -> list[bytes]:
        return [labelled("item", data) for data in self.datas]

    def branch(self, count: int) -> "Writer":
        """Returns a writer that forgot everything after `count` items."""
        return Writer(self.channel, self.signer, self.incarnation, self.datas[:count], self.payloads[:count])

    def header(self, **wrong) -> bytes:
        """Returns the next header; keyword arguments replace fields."""
        payload = wrong.get("payload", b"")
        seq = wrong.get("seq", len(self.datas))
        previous = self.id(-1) if self.datas else bytes(32)
        signed = (u(1, wrong.get("version", 1)) + u(1, wrong.get("kind", 1)) + u(2, wrong.get("flags", 0))
                  + wrong.get("log", self.log()) + u(8, seq) + u(8, wrong.get("time", JUNE_MS + seq * 60_000))
                  + u(8, wrong.get("expiry", 0)) + u(4, wrong.get("length", len(payload)))
                  + wrong.get("payload_hash", plain(payload)) + wrong.get("previous", previous) + wrong.get("tlv", b"\0\0"))
        asked = message(wrong.get("label", "item signature"), wrong.get("signed_channel", self.channel), signed)
        return signed + wrong.get("signature", wrong.get("signer", self.signer).sign(asked))

    def write(self, payload: bytes | None = None, **wrong) -> bytes:
        """Appends an item and returns its ID."""
        if payload is None:
            payload = article(f"Item {len(self.datas)}")
        self.datas.append(self.header(payload=payload, **wrong))
        self.payloads.append(payload)
        return self.id(-1)


def article(title: str, body: str = "It rained.", corrects: bytes | None = None, renditions: bytes = b"\0") -> bytes:
    return (b"\1" + (b"\0" if corrects is None else b"\1" + corrects) + b"\1" + text("en") + b"\0" + text(title)
            + text(body) + renditions)


def rendition(name: str = "360p", size: int = 9_000, mime: str | bytes = "video/mp4", groups: bytes = b"\0", **other) -> bytes:
    return (text(name) + other.get("blob", seed("blob")) + u(8, size) + text(mime) + u(8, other.get("duration", 0))
            + u(4, other.get("width", 640)) + u(4, other.get("height", 360)) + groups)


def retraction(targets: list[bytes], reason: str = "wrong place") -> bytes:
    return b"\1" + u(2, len(targets)) + b"".join(sorted(targets)) + text(reason)


def statement(writer: Writer, counter: int = 1, cites: list[tuple[bytes, int, bytes]] | None = None, **wrong) -> bytes:
    """Returns a statement about a log; `cites` are (log, seq, item ID)."""
    cites = cites or []
    if wrong.get("sort", True):
        cites = sorted(cites)
    items = wrong.get("items", len(writer.datas))
    tip = wrong.get("tip", writer.id(-1) if writer.datas else bytes(32))
    signed = (wrong.get("magic", b"LES") + u(1, wrong.get("version", 1)) + wrong.get("key", writer.signer.key)
              + u(8, writer.incarnation) + u(8, counter) + u(8, wrong.get("time", JUNE_MS + counter * HOUR_MS))
              + u(8, wrong.get("next_word", 0)) + u(8, items) + tip + u(8, wrong.get("charter", 1))
              + u(1, wrong.get("count", len(cites))) + b"".join(log + u(8, seq) + item[:16] for log, seq, item in cites))
    asked = message(wrong.get("label", "statement signature"), wrong.get("signed_channel", writer.channel), signed)
    return signed + wrong.get("signer", writer.signer).sign(asked)


def head(channel: bytes, number: int, charter_hash: bytes, statements: list[bytes], forks: list[bytes], **wrong) -> bytes:
    """Returns a head; statements are sorted by log ID unless `sort` is false."""
    def log_of(raw: bytes) -> bytes:
        return labelled("log", channel + raw[4:44])[:16]

    if wrong.get("sort", True):
        statements, forks = sorted(statements, key=log_of), sorted(forks)
    return (wrong.get("magic", b"LEH") + u(1, wrong.get("version", 1)) + channel + u(8, number) + charter_hash
            + u(1, wrong.get("statement_count", len(statements))) + b"".join(statements)
            + u(1, wrong.get("fork_count", len(forks))) + b"".join(forks))


def fork(writer: Writer, a: bytes, b: bytes, **wrong) -> bytes:
    return (wrong.get("magic", b"LEF") + u(1, wrong.get("version", 1)) + wrong.get("key", writer.signer.key)
            + u(8, writer.incarnation) + u(2, wrong.get("length", len(a))) + a + u(2, len(b)) + b)


def pack(writer: Writer, level: int = 0, index: int = 0, headers: list[bytes] | None = None,
         payloads: list[bytes] | None = None, **wrong) -> bytes:
    """Returns a pack; an empty string leaves a header or a payload out."""
    count = 8**min(level, 4)
    start = index * count
    headers = writer.datas[start:start + count] if headers is None else headers
    payloads = writer.payloads[start:start + count] if payloads is None else payloads
    table, total = b"", 0
    for place, payload in enumerate(payloads):
        table += u(8, wrong.get("offsets", {}).get(place, total)) + u(4, wrong.get("lengths", {}).get(place, len(payload)))
        total += len(payload)
    return (wrong.get("magic", b"LEP") + u(1, wrong.get("version", 1)) + u(1, level) + u(8, wrong.get("stated_index", index))
            + wrong.get("key", writer.signer.key) + u(8, writer.incarnation)
            + b"".join(u(2, len(raw)) + raw for raw in headers) + table + b"".join(payloads))
