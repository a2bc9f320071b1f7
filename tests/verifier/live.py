"""Broadcasts: openings, segments, ticks, edges, roll-ups, and which of them count (docs/spec/live.md)."""

from dataclasses import dataclass, field

from . import edwards
from .charter import ZEROS
from .hashes import labelled, message
from .header import payload_bytes_max
from .items import Rendition, Variant, read_variant
from .limits import (CHAPTER_BYTES_MAX, CHAPTERS_MAX, EDGE_BYTES_MAX, EDGE_TICKS_MAX, GROUP_BYTES, INIT_BYTES_MAX, LIVE_NAME_BYTES_MAX,
                     ROLL_UP_CHAPTERS_MAX, ROLL_UP_TICKS_MAX, SEGMENT_BYTES_MAX, SEGMENT_MS_MAX, TICK_SEGMENTS_MAX, TICKS_MAX, TRACKS_MAX,
                     VARIANTS_MAX)
from .reader import Reader
from .refusal import require

OPENING_KIND, ROLL_UP_KIND = 5, 6
SOUND, PICTURE = 1, 2
SMALL_LINES_MAX = 144
GAP_MS_MAX = 500
SILENCE_MS_MAX = 30_000
NAME_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


@dataclass
class Opening:
    stream: bytes
    session: bytes
    until: int
    variants: list[Variant]


@dataclass
class Segment:
    name: str
    medium: int
    height: int
    start: int
    duration: int
    initialisation: bytes
    initialisation_size: int
    blob: bytes
    size: int
    groups: list[bytes]

    def end(self) -> int:
        return self.start + self.duration

    def files(self) -> list[Rendition]:
        """Returns the files that it needs, as an item would name them."""
        about = ("", self.duration, 0, self.height)
        return [Rendition(self.name, self.initialisation, self.initialisation_size, *about, None),
                Rendition(self.name, self.blob, self.size, *about, self.groups or None)]

    def travels(self) -> str:
        """Returns the class in which the segment travels; how large it is does not matter."""
        if self.medium == SOUND:
            return "sound"
        return "small-video" if self.height <= SMALL_LINES_MAX else "large"


@dataclass
class Tick:
    """A tick; in a roll-up it has no bytes of its own."""

    number: int
    time: int
    segments: list[Segment]
    stream: bytes = b""
    previous: bytes = b""
    signed: bytes = b""
    signature: bytes = b""

    def hash(self) -> bytes:
        return labelled("tick", self.signed + self.signature)


@dataclass
class Edge:
    ticks: list[Tick]

    def rank(self) -> tuple:
        """Returns what decides between two edges of one broadcast; the smaller stays."""
        if not self.ticks:
            return (1,)
        return 0, -self.ticks[-1].number, self.ticks[-1].hash(), -len(self.ticks)


@dataclass
class RollUp:
    stream: bytes
    first: int
    last: bool
    ticks: list[Tick]
    chapters: dict[int, str]


@dataclass
class Session:
    """What the opening of a broadcast says to those who verify its ticks."""

    channel: bytes
    stream: bytes
    key: bytes
    until: int


def decode_opening(data: bytes) -> Opening:
    """Decodes the payload of kind 5."""
    reader = Reader(data, payload_bytes_max(OPENING_KIND))
    reader.version()
    stream, session, until = reader.take(16), reader.key(), reader.time()
    variants: list[Variant] = []
    for _ in range(reader.count(1, VARIANTS_MAX, 1)):
        variants.append(read_variant(reader, variants))
    reader.end()
    return Opening(stream, session, until, variants)


def read_segment(reader: Reader, before: list[Segment]) -> Segment:
    name = reader.text(LIVE_NAME_BYTES_MAX, 1)
    require(NAME_LETTERS.issuperset(name), "bad-value", "name of a rendition")
    require(all(name != other.name for other in before), "not-canonical", "name twice")
    medium, height = reader.u8(), reader.u16()
    require(medium == PICTURE or (medium == SOUND and height == 0), "bad-value", "medium and height")
    start = reader.time()
    duration = reader.u32()
    require(1 <= duration <= SEGMENT_MS_MAX, "bad-value", "duration")
    initialisation, initialisation_size = reader.take(32), reader.u32()
    require(1 <= initialisation_size <= INIT_BYTES_MAX, "bad-value", "size of the initialisation segment")
    blob, size = reader.take(32), reader.u32()
    require(1 <= size <= SEGMENT_BYTES_MAX, "bad-value", "size of the segment")
    groups = [reader.take(32) for _ in range(-(-size // GROUP_BYTES))] if size >= GROUP_BYTES else []
    return Segment(name, medium, height, start, duration, initialisation, initialisation_size, blob, size, groups)


def read_segments(reader: Reader) -> list[Segment]:
    segments: list[Segment] = []
    for _ in range(reader.count(1, TICK_SEGMENTS_MAX, 1)):
        segments.append(read_segment(reader, segments))
    return segments


def read_tick(reader: Reader) -> Tick:
    """Reads a tick from a stream, as it stands in an edge."""
    first = reader.position
    reader.magic(b"LET")
    stream = reader.take(16)
    number = reader.below(TICKS_MAX)
    time = reader.time()
    previous = reader.take(32)
    require((previous == ZEROS) == (number == 0), "bad-value", "previous")
    segments = read_segments(reader)
    signed = reader.data[first:reader.position]
    return Tick(number, time, segments, stream, previous, signed, reader.take(64))


def decode_tick(data: bytes) -> Tick:
    """Decodes a tick that stands alone; the signature is not checked here."""
    reader = Reader(data)
    tick = read_tick(reader)
    reader.end()
    return tick


def check_place(tick: Tick, session: Session) -> None:
    require(tick.stream == session.stream, "bad-value", "another stream")
    require(tick.time <= session.until, "bad-value", "later than the broadcast may last")


def check_tick(tick: Tick, session: Session) -> None:
    """Checks a decoded tick against the session of its broadcast."""
    check_place(tick, session)
    asked = message("tick signature", session.channel, tick.signed)
    require(edwards.verify(session.key, asked, tick.signature), "bad-signature", f"tick {tick.number}")


def verify_edge(data: bytes, session: Session) -> Edge:
    """Decodes an edge and verifies it: by the signature of its newest tick, and by hashes below."""
    reader = Reader(data, EDGE_BYTES_MAX)
    reader.magic(b"LEE")
    require(reader.take(32) == session.channel, "wrong-channel")
    require(reader.take(16) == session.stream, "bad-value", "another stream")
    ticks: list[Tick] = []
    for _ in range(reader.count(1, EDGE_TICKS_MAX)):
        tick = read_tick(reader)
        if ticks:
            require(tick.number == ticks[-1].number + 1 and tick.previous == ticks[-1].hash(), "not-linked")
        ticks.append(tick)
    reader.end()
    if ticks:
        check_tick(ticks[-1], session)
    for tick in ticks:
        check_place(tick, session)
    return Edge(ticks)


def decode_roll_up(data: bytes) -> RollUp:
    """Decodes the payload of kind 6."""
    reader = Reader(data, payload_bytes_max(ROLL_UP_KIND))
    reader.version()
    stream = reader.take(16)
    first = reader.below(TICKS_MAX)
    last = reader.below(2, 1) == 1
    count = reader.count(1, ROLL_UP_TICKS_MAX, 0 if last else 1)
    require(first + count <= TICKS_MAX, "bad-value", "ticks beyond the last number")
    ticks = []
    for place in range(count):
        time = reader.time()
        ticks.append(Tick(first + place, time, read_segments(reader)))
    chapters = read_chapters(reader) if reader.left() else {}
    reader.end()
    return RollUp(stream, first, last, ticks, chapters)


def read_chapters(reader: Reader) -> dict[int, str]:
    """Reads names of moments of a broadcast, by their times."""
    chapters: dict[int, str] = {}
    before = -1
    for _ in range(reader.count(1, ROLL_UP_CHAPTERS_MAX, 1)):
        start = reader.time()
        require(start > before, "not-canonical", "chapters ascend")
        chapters[start] = reader.text(CHAPTER_BYTES_MAX, 1)
        before = start
    return chapters


@dataclass
class Track:
    """The segments of one rendition that count."""

    name: str
    segments: list[Segment] = field(default_factory=list)

    def takes(self, segment: Segment) -> bool:
        return not self.segments or (segment.start >= self.segments[-1].end() and segment.medium == self.segments[0].medium)

    def holes(self) -> list[list[int]]:
        pairs = zip(self.segments, self.segments[1:])
        return [[one.end(), two.start] for one, two in pairs if two.start - one.end() > GAP_MS_MAX]


@dataclass
class Broadcast:
    """What is known of a broadcast: roll-ups in the order of their log first, then the edge."""

    tracks: list[Track] = field(default_factory=list)
    chapters: dict[int, str] = field(default_factory=dict)
    newest: Tick | None = None
    ended: bool = False

    def roll_up(self, found: RollUp) -> None:
        if not self.ended:
            self.take(found.ticks)
            self.name(found.chapters)
            self.ended = found.last

    def edge(self, found: Edge) -> None:
        if not self.ended:
            self.take(found.ticks)

    def name(self, chapters: dict[int, str]) -> None:
        for start, title in chapters.items():
            if start in self.chapters or len(self.chapters) < CHAPTERS_MAX:
                self.chapters[start] = title

    def take(self, ticks: list[Tick]) -> None:
        for tick in ticks:
            if self.newest is None or tick.number > self.newest.number:
                self.newest = tick
                for segment in tick.segments:
                    self.add(segment)

    def add(self, segment: Segment) -> None:
        track = next((one for one in self.tracks if one.name == segment.name), None)
        if track is None and len(self.tracks) < TRACKS_MAX:
            track = Track(segment.name)
            self.tracks.append(track)
        if track is not None and track.takes(segment):
            track.segments.append(segment)

    def live(self, now: int) -> bool:
        return not self.ended and self.newest is not None and abs(now - self.newest.time) <= SILENCE_MS_MAX
