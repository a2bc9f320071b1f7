"""Vectors of broadcasts."""

from dataclasses import dataclass, field, replace

from .book import Book
from .forge import JUNE_MS, Signer, seed, text, u
from .hashes import labelled, message
from .making_items import variant
from .world import CHANNEL, STRANGER, flipped

MIB = 1 << 20
STREAM = seed("stream")[:16]
OTHER_STREAM = seed("other stream")[:16]
SESSION = Signer("session")
HOURS_MS = 6 * 3_600_000
UNTIL = JUNE_MS + HOURS_MS


def sessions() -> dict:
    return {name: {"channel": CHANNEL.hex(), "stream": stream.hex(), "key": SESSION.key.hex(), "until": UNTIL}
            for name, stream in (("own", STREAM), ("other-stream", OTHER_STREAM))}


def broadcasts() -> Book:
    book = Book("live", "Broadcasts: openings, ticks, edges, roll-ups, and what of them counts.", sessions=sessions())
    openings(book)
    good_ticks(book)
    bad_ticks(book)
    segments(book)
    edges(book)
    bad_edges(book)
    winners(book)
    roll_ups(book)
    bad_roll_ups(book)
    timelines(book)
    renditions_in_timelines(book)
    liveness(book)
    return book


def named_moments() -> Book:
    book = Book("live-chapters", "Chapters in the roll-ups of broadcasts, and which of them count.", sessions=sessions())
    chapters(book)
    bad_chapters(book)
    chapters_in_timelines(book)
    return book


def opening(*entries: bytes, count: int | None = None, **wrong) -> bytes:
    entries = entries or (variant("en"),)
    return (u(1, wrong.get("version", 1)) + STREAM + wrong.get("key", SESSION.key) + u(8, wrong.get("until", UNTIL))
            + u(1, len(entries) if count is None else count) + b"".join(entries))


def openings(book: Book) -> None:
    def case(name: str, why: str, expect: str, payload: bytes, **more) -> None:
        book.case(f"opening-{name}", why, expect, op="opening", payload=payload, **more)

    good = opening()
    case("one-language", "title and text in one language", "accepted", good)
    case("languages", "three, one of them unknown", "accepted", opening(variant("kk"), variant("ru", 1), variant("", 2)))
    whole = opening(variant("en", 0, "t", ""))[:-4]
    rest = 65_536 - len(whole) - 4
    case("65536", "as long as an opening may be, with a text of zeros", "accepted", whole + u(4, rest), zeros=rest)
    case("until-largest", "times are below 2⁵³", "accepted", opening(until=2**53 - 1))
    case("empty", "no bytes", "truncated", b"")
    case("cut", "the last byte is missing", "truncated", good[:-1])
    case("trailing", "an opening names no files", "trailing-bytes", good + b"\0")
    case("too-long", "65,537 bytes", "too-long", good, zeros=65_537 - len(good))
    case("version-2", "a newer version", "newer-version", opening(version=2))
    case("weak-key", "a session key of small order", "weak-key", opening(key=u(32, 1)))
    case("until-2-53", "times are below 2⁵³", "bad-value", opening(until=2**53))
    case("no-variant", "a broadcast has at least one title", "bad-value", opening(count=0)[:58])
    case("variants-17", "17 languages", "too-many", opening(count=17))
    case("language-twice", "no language twice", "not-canonical", opening(variant("kk"), variant("kk", 1)))
    case("first-translated", "the first variant is the original", "bad-value", opening(variant("kk", 1)))


def segment(name: str | bytes = "audio", start: int = 0, **other) -> bytes:
    """Returns a segment of two seconds: sound if it is called so, else a picture of 360 lines; keyword arguments replace fields."""
    medium, height = (1, 0) if name == "audio" else (2, 360)
    size = other.get("size", 9_000)
    initialisation, blob = other.get("initialisation", seed(f"initialisation of {name}")), other.get("blob", seed(f"{name} at {start}"))
    groups = other.get("groups", -(-size // MIB) if size >= MIB else 0)
    return (text(name) + u(1, other.get("medium", medium)) + u(2, other.get("height", height)) + u(8, start)
            + u(4, other.get("duration", 2_000)) + initialisation + u(4, other.get("initialisation_size", 700))
            + blob + u(4, size) + b"".join(seed(f"group {number}") for number in range(groups)))


def counted(*entries: bytes, count: int | None = None) -> bytes:
    return u(1, len(entries) if count is None else count) + b"".join(entries)


@dataclass
class Draft:
    """A tick to be written; every field can be set to something wrong."""

    number: int = 0
    segments: bytes = field(default_factory=lambda: counted(segment()))
    previous: bytes = bytes(32)
    time: int = JUNE_MS + 2_000
    stream: bytes = STREAM
    magic: bytes = b"LET"
    version: int = 1
    signer: Signer = SESSION
    channel: bytes = CHANNEL
    label: str = "tick signature"

    def bytes(self) -> bytes:
        signed = (self.magic + u(1, self.version) + self.stream + u(8, self.number) + u(8, self.time) + self.previous + self.segments)
        return signed + self.signer.sign(message(self.label, self.channel, signed))


def hash_of(tick: bytes) -> bytes:
    return labelled("tick", tick)


def beat(number: int) -> tuple[int, bytes]:
    """Returns time and segments of a tick of a broadcast in which nothing goes wrong."""
    start = number * 2_000
    return JUNE_MS + start + 2_000, counted(segment("audio", start))


def chain(count: int, first: int = 0, previous: bytes = bytes(32), **changes) -> list[bytes]:
    """Returns ticks that follow each other; `changes` are of the last one."""
    ticks: list[bytes] = []
    for number in range(first, first + count):
        time, entries = beat(number)
        draft = Draft(number, entries, previous, time)
        ticks.append((replace(draft, **changes) if number == first + count - 1 else draft).bytes())
        previous = hash_of(ticks[-1])
    return ticks


def with_session(book: Book, name: str, why: str, expect: str, **fields) -> None:
    book.case(name, why, expect, **({"session": "own"} | fields))


def tick(book: Book, name: str, why: str, expect: str, data: bytes, **more) -> None:
    with_session(book, f"tick-{name}", why, expect, op="tick", tick=data, **more)


def good_ticks(book: Book) -> None:
    ok = lambda name, why, **fields: tick(book, name, why, "accepted", Draft(**fields).bytes())
    ok("first", "number 0 has no previous")
    tick(book, "second", "number 1 names number 0", "accepted", chain(2)[1])
    ok("last-number", "the last possible number", number=2**20 - 1, previous=seed("tick before"))
    ok("segments-8", "TICK_SEGMENTS_MAX", segments=counted(*(segment(f"r{number}") for number in range(8))))
    ok("at-until", "the last moment of the session", time=UNTIL)
    ok("time-0", "a clock at its beginning", time=0)


def bad_ticks(book: Book) -> None:
    bad = lambda name, why, expect, **fields: tick(book, name, why, expect, Draft(**fields).bytes())
    good = Draft().bytes()
    tick(book, "empty", "no bytes", "truncated", b"")
    tick(book, "cut", "the last byte is missing", "truncated", good[:-1])
    tick(book, "cut-in-segment", "cut in the hash of the segment", "truncated", good[:130])
    tick(book, "trailing", "a byte behind the signature", "trailing-bytes", good + b"\0")
    bad("magic", "the magic of an edge", "bad-magic", magic=b"LEE")
    bad("version-2", "a newer version", "newer-version", version=2)
    bad("number-2-20", "one more tick than a broadcast can have", "bad-value", number=2**20, previous=seed("tick before"))
    bad("number-2-63", "a number of 2⁶³", "bad-value", number=2**63, previous=seed("tick before"))
    bad("time-2-53", "times are below 2⁵³, whatever the session allows", "bad-value", time=2**53)
    bad("previous-missing", "number 1 must name number 0", "bad-value", number=1)
    bad("previous-of-first", "number 0 has nothing before it", "bad-value", previous=seed("tick before"))
    bad("no-segment", "a tick tells of something", "bad-value", segments=counted())
    bad("segments-9", "nine segments", "too-many", segments=counted(*(segment(f"r{number}") for number in range(9))))
    bad("name-twice", "no rendition twice", "not-canonical", segments=counted(segment(), segment("360p"), segment("audio", 2_000)))
    bad("name-twice-before-value", "the name is judged before the medium is read", "not-canonical",
        segments=counted(segment(), segment("audio", medium=3)))
    bad("other-stream", "of another broadcast", "bad-value", stream=OTHER_STREAM)
    bad("after-until", "a millisecond too late", "bad-value", time=UNTIL + 1)
    bad("after-until-badly-signed", "the time is looked at before the signature", "bad-value", time=UNTIL + 1, signer=STRANGER)
    bad("other-stream-badly-signed", "the stream is looked at before the signature", "bad-value", stream=OTHER_STREAM, signer=STRANGER)
    bad("signed-by-other", "a stranger signs", "bad-signature", signer=STRANGER)
    bad("signed-for-other-channel", "the signature covers the channel", "bad-signature", channel=seed("other channel"))
    bad("signed-as-item", "the signature covers its label", "bad-signature", label="item signature")
    for place, what in ((28, "time"), (-70, "segment"), (-64, "R"), (-1, "S")):
        tick(book, f"flipped-{what}", "one bit is another", "bad-signature", flipped(good, place))
    first = Draft(number=1, previous=seed("tick before")).bytes()
    tick(book, "flipped-previous", "one bit is another", "bad-signature", flipped(first, 40))


def segments(book: Book) -> None:
    def case(name: str, why: str, expect: str, entry: bytes) -> None:
        tick(book, f"segment-{name}", why, expect, Draft(segments=counted(entry)).bytes())

    ok = lambda name, why, *place, **fields: case(name, why, "accepted", segment(*place, **fields))
    bad = lambda name, why, expect, *place, **fields: case(name, why, expect, segment(*place, **fields))
    ok("sound", "sound has no height", "audio")
    ok("picture-144", "the tallest of the smallest video", "144p", height=144)
    ok("picture-145", "one line more is larger video", "145p", height=145)
    ok("picture-0", "a picture may say no height", "picture", height=0)
    ok("picture-65535", "the tallest", "tall", height=65_535)
    ok("name-1", "one letter", "a")
    ok("name-16", "LIVE_NAME_BYTES_MAX, every kind of letter", "az09-az09-az09-x")
    ok("start-largest", "2⁵³ − 1", "audio", 2**53 - 1)
    ok("duration-1", "one millisecond", duration=1)
    ok("duration-30000", "SEGMENT_MS_MAX", duration=30_000)
    ok("initialisation-1", "one byte", initialisation_size=1)
    ok("initialisation-65536", "INIT_BYTES_MAX", initialisation_size=65_536)
    ok("size-1", "one byte", size=1)
    ok("size-below-mib", "one byte below 1 MiB: no groups", size=MIB - 1)
    ok("size-mib", "exactly 1 MiB is one group", size=MIB)
    ok("size-above-mib", "one byte more is two", size=MIB + 1)
    ok("size-16-mib", "SEGMENT_BYTES_MAX", size=16 * MIB)
    bad("name-empty", "a name has at least one byte", "bad-value", "")
    bad("name-17", "17 bytes", "too-long", "a" * 17)
    bad("name-upper-case", "lower case only", "bad-value", "Audio")
    bad("name-dot", "names become parts of addresses", "bad-value", "..")
    bad("name-slash", "names become parts of addresses", "bad-value", "a/b")
    bad("name-underscore", "no underscore", "bad-value", "a_b")
    bad("name-not-ascii", "letters a to z only", "bad-value", "дыбыс")
    bad("name-not-utf8", "a text is UTF-8 before it is anything", "not-utf8", b"\x80")
    bad("medium-0", "no such medium", "bad-value", medium=0)
    bad("medium-3", "no such medium", "bad-value", medium=3)
    bad("sound-with-height", "sound has no height", "bad-value", "audio", height=144)
    bad("start-2-53", "below 2⁵³", "bad-value", "audio", 2**53)
    bad("duration-0", "something has to play", "bad-value", duration=0)
    bad("duration-30001", "longer than any segment", "bad-value", duration=30_001)
    bad("initialisation-0", "no initialisation segment", "bad-value", initialisation_size=0)
    bad("initialisation-65537", "larger than any", "bad-value", initialisation_size=65_537)
    bad("size-0", "no segment", "bad-value", size=0)
    bad("size-above-16-mib", "larger than any", "bad-value", size=16 * MIB + 1, groups=0)
    bad("groups-of-small", "what stands there is read as the signature", "trailing-bytes", size=MIB - 1, groups=1)
    bad("groups-missing", "two groups are due, and one is there and the signature", "truncated", size=MIB + 1, groups=1)
    cut = Draft(segments=counted(segment("audio", medium=3))).bytes()
    at = 69 + 4 + len("audio") + 1
    tick(book, "segment-cut-in-height", "medium and height are judged together", "truncated", cut[:at + 1])
    tick(book, "segment-cut-behind-height", "and before the start is read", "bad-value", cut[:at + 2])


def edge(ticks: list[bytes], **wrong) -> bytes:
    return (wrong.get("magic", b"LEE") + u(1, wrong.get("version", 1)) + wrong.get("channel", CHANNEL) + wrong.get("stream", STREAM)
            + u(1, wrong.get("count", len(ticks))) + b"".join(ticks))


def edged(book: Book, name: str, why: str, expect: str, data: bytes, **more) -> None:
    with_session(book, f"edge-{name}", why, expect, op="edge", edge=data, **more)


def edges(book: Book) -> None:
    ok = lambda name, why, ticks: edged(book, name, why, "accepted", edge(ticks))
    ok("empty", "no tick yet", [])
    ok("one", "the first tick", chain(1))
    ok("three", "three ticks, one signature that counts", chain(3))
    ok("from-middle", "an edge may begin anywhere; what its first tick names is not looked for", chain(3)[1:])
    unsigned = chain(1, signer=STRANGER)
    ok("covers-signatures", "a tick below the newest may be signed badly: the newest one's signer linked it",
       unsigned + chain(1, 1, hash_of(unsigned[0])))
    ok("64", "EDGE_TICKS_MAX", short_chain(64))


def short_chain(count: int) -> list[bytes]:
    ticks: list[bytes] = []
    for number in range(count):
        previous = hash_of(ticks[-1]) if ticks else bytes(32)
        ticks.append(Draft(number, counted(segment("a", number * 2_000)), previous, JUNE_MS + number * 2_000).bytes())
    return ticks


def bad_edges(book: Book) -> None:
    bad = lambda name, why, expect, data, **more: edged(book, name, why, expect, data, **more)
    ticks = chain(3)
    good = edge(ticks)
    bad("no-bytes", "no bytes", "truncated", b"")
    bad("cut", "the last byte is missing", "truncated", good[:-1])
    bad("cut-in-front", "cut in the stream", "truncated", good[:40])
    bad("tick-missing", "three are said, two are there", "truncated", edge(ticks[:2], count=3))
    bad("trailing", "a byte behind the newest tick", "trailing-bytes", good + b"\0")
    bad("trailing-badly-signed", "the form is looked at before the signature", "trailing-bytes", edge(chain(2, signer=STRANGER)) + b"\0")
    bad("too-long", "131,073 bytes", "too-long", good, zeros=131_073 - len(good))
    bad("131072", "as long as an edge may be, but nothing stands behind the newest tick", "trailing-bytes", good, zeros=131_072 - len(good))
    bad("magic", "the magic of a tick", "bad-magic", edge(ticks, magic=b"LET"))
    bad("version-2", "a newer version", "newer-version", edge(ticks, version=2))
    bad("other-channel", "of another channel", "wrong-channel", edge(ticks, channel=seed("other channel")))
    bad("other-channel-cut", "the channel is looked at as it is read", "wrong-channel", edge(ticks, channel=seed("other channel"))[:40])
    bad("other-stream", "of another broadcast", "bad-value", edge(ticks, stream=OTHER_STREAM))
    bad("asked-for-other-stream", "the edge of another broadcast in its place", "bad-value", good, session="other-stream")
    bad("65", "65 ticks", "too-many", edge(ticks, count=65))
    bad("hole", "number 1 is missing", "not-linked", edge([ticks[0], ticks[2]]))
    bad("twice", "a tick twice", "not-linked", edge([ticks[0], ticks[1], ticks[1]]))
    bad("backwards", "numbers descend", "not-linked", edge(ticks[:2][::-1]))
    bad("number-skipped", "number 2 names number 0", "not-linked", edge([ticks[0], *chain(1, 2, hash_of(ticks[0]))]))
    other = chain(1, 1, hash_of(ticks[0]), time=JUNE_MS)
    bad("other-branch", "number 2 stands on another number 1", "not-linked", edge([ticks[0], *other, ticks[2]]))
    bad("flipped", "one bit below the newest tick breaks the link", "not-linked", edge([flipped(ticks[0], 28), *ticks[1:]]))
    bad("flipped-signature", "links cover signatures", "not-linked", edge([flipped(ticks[0], -1), *ticks[1:]]))
    bad("not-linked-before-trailing", "links are looked at as ticks are read", "not-linked", edge([ticks[0], ticks[2]]) + b"\0")
    bad("bad-tick", "a tick in it is none", "bad-value", edge(chain(2, segments=counted())))
    bad("signed-by-other", "a stranger signs the newest tick", "bad-signature", edge(chain(3, signer=STRANGER)))
    bad("signed-for-other-channel", "a tick of another channel", "bad-signature", edge(chain(3, channel=seed("other channel"))))
    bad("newest-of-other-stream", "the stream of the newest tick is looked at before its signature", "bad-value",
        edge(chain(3, stream=OTHER_STREAM, signer=STRANGER)))
    bad("newest-after-until", "the newest tick comes too late", "bad-value", edge(chain(3, time=UNTIL + 1)))
    early = lambda **wrong: chain(1, **wrong)
    linked = lambda first, **last: edge(first + chain(1, 1, hash_of(first[0]), **last))
    bad("older-of-other-stream", "a tick below is of another broadcast", "bad-value", linked(early(stream=OTHER_STREAM)))
    edged(book, "older-at-until", "a tick below comes in the last moment", "accepted", linked(early(time=UNTIL)))
    bad("older-after-until", "a tick below comes too late", "bad-value", linked(early(time=UNTIL + 1)))
    bad("older-after-until-badly-signed", "the newest tick is verified before the others are looked at", "bad-signature",
        linked(early(time=UNTIL + 1), signer=STRANGER))


def winners(book: Book) -> None:
    def won(name: str, why: str, a: list[bytes], b: list[bytes], winner: str) -> None:
        with_session(book, f"edge-winner-{name}", why, "accepted", result={"winner": winner}, op="edge-winner", a=edge(a), b=edge(b))

    ticks = chain(4)
    won("number", "the higher newest number", ticks[:3], ticks[3:], "b")
    won("number-before-count", "the number decides, not the count", ticks[3:], ticks[:3], "a")
    won("empty", "an edge without ticks is behind all others", [], ticks[:1], "b")
    twins = sorted((ticks[:3], chain(2) + chain(1, 2, hash_of(ticks[1]), time=JUNE_MS)), key=lambda one: hash_of(one[-1]))
    won("hash", "equal numbers: the smaller hash", twins[1], twins[0], "b")
    won("hash-before-count", "the hash decides, not the count", twins[0][2:], twins[1], "a")
    won("count", "the same newest tick: the one that tells more", ticks, ticks[2:], "a")


def roll_up(first: int, *beats: tuple[int, bytes], last: bool | int = False, **wrong) -> bytes:
    return (u(1, wrong.get("version", 1)) + wrong.get("stream", STREAM) + u(8, first) + u(1, int(last))
            + u(1, wrong.get("count", len(beats))) + b"".join(u(8, time) + entries for time, entries in beats))


def roll_ups(book: Book) -> None:
    ok = lambda name, why, payload: book.case(f"roll-up-{name}", why, op="roll-up", payload=payload)
    small = JUNE_MS, counted(segment("a"))
    ok("two", "two ticks", roll_up(0, beat(0), beat(1)))
    ok("later", "from the middle of a broadcast", roll_up(7, beat(7)))
    ok("last", "the broadcast ends with them", roll_up(7, beat(7), last=True))
    ok("only-the-end", "the end alone", roll_up(8, last=True))
    ok("128", "ROLL_UP_TICKS_MAX", roll_up(0, *[small] * 128))
    ok("last-number", "to the last possible number", roll_up(2**20 - 2, beat(0), beat(1)))
    ok("only-the-end-at-last-number", "the end at the last number", roll_up(2**20 - 1, last=True))
    ok("times-descend", "times are not compared with each other", roll_up(0, beat(1), beat(0)))
    ok("with-groups", "segments of 1 MiB and more have groups", roll_up(0, (JUNE_MS, counted(segment("a", size=2 * MIB)))))
    ok("time-largest", "2⁵³ − 1", roll_up(0, (2**53 - 1, counted(segment()))))


def bad_roll_ups(book: Book) -> None:
    bad = lambda name, why, expect, payload, **more: book.case(f"roll-up-{name}", why, expect, op="roll-up", payload=payload, **more)
    good = roll_up(0, beat(0), beat(1))
    bad("empty", "no bytes", "truncated", b"")
    bad("cut", "the last byte is missing", "truncated", good[:-1])
    bad("trailing", "a byte behind the ticks is a number of chapters", "bad-value", good + b"\0")
    bad("too-long", "65,537 bytes", "too-long", good, zeros=65_537 - len(good))
    bad("version-2", "a newer version", "newer-version", roll_up(0, beat(0), version=2))
    bad("first-2-20", "beyond the last possible number", "bad-value", roll_up(2**20, last=True))
    bad("first-2-63", "a number of 2⁶³", "bad-value", roll_up(2**63, beat(0)))
    bad("last-2", "neither 0 nor 1", "bad-value", roll_up(0, beat(0), last=2))
    bad("nothing", "neither ticks nor the end", "bad-value", roll_up(0))
    bad("129", "129 ticks", "too-many", roll_up(0, beat(0), count=129))
    bad("129-beyond", "the count is looked at before the sum", "too-many", roll_up(2**20 - 1, beat(0), count=129))
    bad("beyond", "its second tick would be one too many", "bad-value", roll_up(2**20 - 1, beat(0), beat(1)))
    bad("time-2-53", "times are below 2⁵³", "bad-value", roll_up(0, (2**53, counted(segment()))))
    bad("no-segment", "a tick tells of something", "bad-value", roll_up(0, (JUNE_MS, counted())))
    bad("segments-9", "nine segments", "too-many", roll_up(0, (JUNE_MS, counted(segment(), count=9))))
    bad("name-twice", "no rendition twice in a tick", "not-canonical", roll_up(0, (JUNE_MS, counted(segment(), segment("audio", 2_000)))))
    bad("bad-segment", "a segment that does not play", "bad-value", roll_up(0, (JUNE_MS, counted(segment(duration=0)))))


def named(*entries: tuple[int, str | bytes], count: int | None = None) -> bytes:
    """Returns chapters as they stand behind the ticks of a roll-up."""
    return counted(*(u(8, start) + text(title) for start, title in entries), count=count)


def chapters(book: Book) -> None:
    ok = lambda name, why, *entries: book.case(f"chapters-{name}", why, op="roll-up", payload=roll_up(0, beat(0)) + named(*entries))
    ok("one", "a name for the first moment", (0, "The bridge"))
    ok("earlier-and-later", "of any time, whatever the ticks beside them tell of", (0, "a"), (1, "b"), (2**53 - 1, "Дауыс беру"))
    ok("16", "ROLL_UP_CHAPTERS_MAX", *((number, f"{number}") for number in range(16)))
    ok("title-128", "CHAPTER_BYTES_MAX", (0, "a" * 128))
    book.case("chapters-at-the-end", "beside the end alone", op="roll-up", payload=roll_up(8, last=True) + named((5, "The vote")))


def bad_chapters(book: Book) -> None:
    def bad(name: str, why: str, expect: str, entries: bytes) -> None:
        book.case(f"chapters-{name}", why, expect, op="roll-up", payload=roll_up(0, beat(0)) + entries)

    bad("none", "none are told by no byte", "bad-value", named())
    bad("17", "seventeen", "too-many", named((0, "a"), count=17))
    bad("cut", "the last byte is missing", "truncated", named((0, "The bridge"))[:-1])
    bad("cut-in-start", "cut in the time", "truncated", named((0, "a"))[:5])
    bad("fewer", "two are said, one is there", "truncated", named((0, "a"), count=2))
    bad("trailing", "a byte too many", "trailing-bytes", named((0, "a")) + b"\0")
    bad("start-2-53", "times are below 2⁵³", "bad-value", named((2**53, "a")))
    bad("twice", "no moment twice", "not-canonical", named((7, "a"), (7, "b")))
    bad("descend", "earlier ones first", "not-canonical", named((7, "a"), (6, "b")))
    bad("descend-before-title", "the time is judged before the title is read", "not-canonical", named((7, "a"), (6, "")))
    bad("title-empty", "a chapter has a title", "bad-value", named((0, "")))
    bad("title-129", "129 bytes", "too-long", named((0, "a" * 129)))
    bad("title-not-utf8", "a title is text", "not-utf8", named((0, b"\x80")))


NEWEST = JUNE_MS + 8_000


def known(book: Book, name: str, why: str, rolled: list[bytes], ticks: list[bytes] | None, now: int = NEWEST, **more) -> None:
    with_session(book, f"known-{name}", why, "accepted", op="known", roll_ups=rolled, edge=None if ticks is None else edge(ticks), now=now, **more)


def timelines(book: Book) -> None:
    ticks = chain(4)
    rolled = lambda first, count, last=False: roll_up(first, *(beat(number) for number in range(first, first + count)), last=last)
    known(book, "nothing", "an opening alone", [], None)
    known(book, "edge", "a broadcast that has just begun", [], ticks)
    known(book, "empty-edge", "a broadcast that has just been opened", [], [])
    known(book, "roll-ups", "without an edge", [rolled(0, 2), rolled(2, 2)], None)
    known(book, "both", "the edge goes on where the roll-ups end", [rolled(0, 2)], ticks)
    known(book, "hole", "what nobody tells of is missing", [rolled(0, 1)], ticks[3:])
    liar = chain(1, segments=counted(segment("audio", 60_000)))
    known(book, "roll-up-overrules", "a tick whose number a roll-up has told of counts for nothing", [rolled(0, 2)], liar)
    known(book, "roll-up-overlaps", "of a roll-up only the ticks count that are new", [rolled(0, 3), rolled(1, 3)], None)
    known(book, "roll-up-goes-back", "what comes late in the log does not fill a hole", [rolled(2, 1), rolled(0, 2)], None)
    known(book, "ended", "the end", [rolled(0, 4, True)], None)
    known(book, "ended-twice", "who says the end again changes nothing", [rolled(0, 4, True), rolled(0, 4, True)], None)
    known(book, "ended-alone", "the end without a tick", [rolled(0, 4), roll_up(4, last=True)], None)
    known(book, "tick-behind-end", "who has the session's key goes on: it counts for nothing", [rolled(0, 2, True)], ticks)
    known(book, "roll-up-behind-end", "nothing follows the end", [rolled(0, 2, True), rolled(2, 2)], None)
    known(book, "end-of-known", "an end whose ticks are known ends all the same", [rolled(0, 3), rolled(0, 2, True), rolled(3, 1)], None)
    late = roll_up(0, (UNTIL + 5, counted(segment())))
    known(book, "roll-up-after-until", "until when the session's key signs does not bind the log", [late], None, UNTIL + 5)


def renditions_in_timelines(book: Book) -> None:
    def told(name: str, why: str, *beats: tuple[bytes, ...]) -> None:
        known(book, name, why, [roll_up(0, *((NEWEST, counted(*entries)) for entries in beats))], None)

    told("segment-overlaps", "begins before the last one ended: left out, also if what it overlaps with is left out",
         (segment("a", 0),), (segment("a", 1_999),), (segment("a", 2_000),))
    told("segment-overlaps-left-out", "only what counts is in the way", (segment("a", 0),), (segment("a", 1_000, duration=9_000),),
         (segment("a", 2_000),))
    told("segment-goes-back", "before what is known", (segment("a", 4_000),), (segment("a", 0),))
    told("other-medium", "a rendition is sound or picture all the time", (segment("a", 0),), (segment("a", 2_000, medium=1, height=0),),
         (segment("a", 4_000),))
    told("other-height", "a picture may change its height", (segment("a", 0),), (segment("a", 2_000, height=144),))
    told("space-500", "500 ms are no hole", (segment("a", 0),), (segment("a", 2_500),))
    told("space-501", "501 ms are", (segment("a", 0),), (segment("a", 2_501),))
    told("space-before-first", "before the first segment nothing is missing", (segment("a", 60_000),))
    told("own-holes", "each rendition has its own", (segment("a", 0), segment("b", 0)), (segment("b", 2_000),),
         (segment("a", 4_000), segment("b", 4_000)))
    names = [f"r{number}" for number in range(18)]
    parts = [tuple(segment(name, 0) for name in names[place:place + 6]) for place in (0, 6, 12)]
    told("renditions-18", "TRACKS_MAX: the first sixteen; these go on", *parts, (segment("r0", 2_000), segment("r16", 2_000), segment("r15", 2_000)))


def chapters_in_timelines(book: Book) -> None:
    told = lambda name, why, *rolled: known(book, f"chapters-{name}", why, list(rolled), None)
    at = lambda first, *entries, last=False: roll_up(first, beat(first), last=last) + named(*entries)
    told("of-several", "in the order of their moments", at(0, (9_000, "later")), at(1, (1_000, "earlier"), (12_000, "last")))
    told("named-again", "the last name of a moment counts", at(0, (1_000, "The brigde")), at(1, (1_000, "The bridge")))
    told("with-known-ticks", "also where the ticks beside them are known", at(0, (0, "a")), at(0, (1_000, "b")))
    told("at-the-end", "beside the end", at(0, (0, "a")), at(1, (1_000, "b"), last=True))
    told("behind-the-end", "nothing follows the end", at(0, (0, "a"), last=True), at(1, (0, "b"), (1_000, "c")))
    many = [at(first, *((first * 16_000 + number * 1_000, "a") for number in range(16))) for first in range(16)]
    told("257", "CHAPTERS_MAX: the first 256; these can be named again", *many, at(16, (0, "b"), (300_000, "c")))


def liveness(book: Book) -> None:
    ticks = chain(4)
    for name, why, now in (("newest", "at the moment of the newest tick", NEWEST), ("late-30", "30 s later", NEWEST + 30_000),
                           ("late-31", "a millisecond more: since when there has been no word", NEWEST + 30_001),
                           ("early-30", "a clock that is 30 s behind", NEWEST - 30_000),
                           ("early-31", "a clock that is a millisecond more behind", NEWEST - 30_001)):
        known(book, f"live-{name}", why, [], ticks, now)
    known(book, "live-never-ended", "ended is not live", [roll_up(0, *map(beat, range(4)), last=True)], None)
