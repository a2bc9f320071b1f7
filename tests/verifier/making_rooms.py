"""Vectors of rooms."""

from dataclasses import dataclass, field

from .book import Book
from .forge import JUNE_MS, Signer, seed, text, u
from .hashes import labelled, message
from .limits import DAY_MS
from .world import STRANGER, flipped

ROOM, OTHER_ROOM = seed("room"), seed("other room")
FIRST_DAY = JUNE_MS // DAY_MS
MIDNIGHT = FIRST_DAY * DAY_MS
NOON = MIDNIGHT + DAY_MS // 2
ONE, TWO, TICKET = Signer("writer one"), Signer("writer two"), Signer("ticket")
NONE = bytes(32)
WORDS, TAKEN_BACK, FLAG = 0, 1, 2
WEAK = u(32, 1)


def rooms() -> Book:
    venues = {name: {"room": room.hex(), "first_day": FIRST_DAY} for name, room in (("own", ROOM), ("other-room", OTHER_ROOM))}
    book = Book("room", "Rooms: openings, notes, decisions, which note stands in a place, and in which order they are shown.", venues=venues)
    openings(book)
    bad_openings(book)
    good_notes(book)
    bad_notes(book)
    texts(book)
    venues_of_notes(book)
    decisions(book)
    bad_decisions(book)
    winners(book)
    orders(book)
    return book


def listed(*entries: bytes, count: int | None = None, width: int = 1) -> bytes:
    return u(width, len(entries) if count is None else count) + b"".join(entries)


def opening(**other) -> bytes:
    """Returns an opening; keyword arguments replace fields."""
    return (u(1, other.get("version", 1)) + text(other.get("language", "kk")) + text(other.get("title", "Алаң"))
            + other.get("rules", listed(text("Be kind."), text("Name nobody."))) + u(1, other.get("admission", 1))
            + u(1, other.get("notes", 12)) + u(2, other.get("retention", 30)) + other.get("under", NONE))


def openings(book: Book) -> None:
    ok = lambda name, why, **fields: book.case(f"opening-{name}", why, "accepted", op="opening", payload=opening(**fields))
    ok("tickets", "a room about the channel, with tickets")
    ok("open", "an open room about an item", admission=0, under=seed("item"))
    ok("no-rules", "without rules, in no known language", rules=listed(), language="")
    ok("most", "everything as large as it may be", language="a" * 35, title="t" * 256, rules=listed(*[text("r" * 512)] * 16), notes=64, retention=366)
    ok("least", "everything as small as it may be", title="t", rules=listed(text("r")), notes=1, retention=1)


def bad_openings(book: Book) -> None:
    def case(name: str, why: str, expect: str, payload: bytes, **more) -> None:
        book.case(f"opening-{name}", why, expect, op="opening", payload=payload, **more)

    bad = lambda name, why, expect, **fields: case(name, why, expect, opening(**fields))
    good = opening()
    case("empty", "no bytes", "truncated", b"")
    case("cut", "the last byte is missing", "truncated", good[:-1])
    case("trailing", "a byte behind it", "trailing-bytes", good + b"\0")
    case("too-long", "65,537 bytes", "too-long", good, zeros=65_537 - len(good))
    bad("version-2", "a newer version", "newer-version", version=2)
    bad("language-36", "36 bytes", "too-long", language="a" * 36)
    bad("language-space", "letters, digits and hyphens", "bad-value", language="k k")
    bad("title-empty", "a room is called something", "bad-value", title="")
    bad("title-257", "257 bytes", "too-long", title="t" * 257)
    bad("title-not-utf8", "no text", "not-utf8", title=b"\xff")
    bad("rules-17", "17 rules", "too-many", rules=listed(*[text("r")] * 17))
    bad("rule-empty", "a rule says something", "bad-value", rules=listed(text("")))
    bad("rule-513", "513 bytes", "too-long", rules=listed(text("r" * 513)))
    bad("admission-2", "no such admission", "bad-value", admission=2)
    bad("notes-0", "nobody could write", "bad-value", notes=0)
    bad("notes-65", "more than a slot can count", "bad-value", notes=65)
    bad("retention-0", "nothing would be kept", "bad-value", retention=0)
    bad("retention-367", "more than a year and a day", "bad-value", retention=367)


@dataclass
class Draft:
    """A note to be written; every field can be set to something wrong."""

    words: str | bytes = "Сәлем!"
    what: int = WORDS
    slot: int = 0
    time: int = NOON
    parent: bytes = NONE
    seen: bytes = bytes(16)
    seen_at: int = 0
    stamp: int = 0
    ticket: bytes = field(default_factory=lambda: u(1, 0))
    length: int | None = None
    magic: bytes = b"LEN"
    version: int = 1
    writer: Signer = ONE
    key: bytes | None = None
    room: bytes = ROOM
    context: bytes | None = None
    label: str = "note signature"

    def bytes(self) -> bytes:
        raw = self.words if isinstance(self.words, bytes) else self.words.encode()
        signed = (self.magic + u(1, self.version) + self.room + (self.key or self.writer.key) + u(1, self.what) + u(1, self.slot)
                  + u(8, self.time) + self.parent + self.seen + u(8, self.seen_at) + u(8, self.stamp) + self.ticket
                  + u(2, len(raw) if self.length is None else self.length) + raw)
        return signed + self.writer.sign(message(self.label, self.context or self.room, signed))


def endorsed(ticket: Signer = TICKET, writer: bytes = ONE.key, room: bytes = ROOM, label: str = "ticket signature") -> bytes:
    return u(1, 1) + ticket.key + ticket.sign(message(label, room, writer))


def flag(**fields) -> Draft:
    return Draft(**({"words": "", "what": FLAG, "parent": seed("note")} | fields))


def taken_back(**fields) -> Draft:
    return Draft(**({"words": "", "what": TAKEN_BACK} | fields))


def note(book: Book, name: str, why: str, expect: str, data: bytes, **more) -> None:
    book.case(f"note-{name}", why, expect, op="note", **({"venue": "own", "note": data} | more))


def good_notes(book: Book) -> None:
    ok = lambda name, why, draft: note(book, name, why, "accepted", draft.bytes())
    ok("words", "words of a writer without a ticket", Draft())
    ok("ticket", "with a ticket", Draft(ticket=endorsed()))
    ok("other-writer", "the same ticket, another writer: the entry is the same", Draft(ticket=endorsed(writer=TWO.key), writer=TWO))
    ok("answer", "an answer of somebody who had seen a statement", Draft(parent=seed("note"), seen=seed("statement")[:16], seen_at=NOON - 5))
    ok("taken-back", "takes back what stands in slot 63", taken_back(slot=63))
    ok("flag", "the last flag of a day", flag(slot=15))
    ok("largest-numbers", "stamp 2⁶⁴ − 1, times 2⁵³ − 1", Draft(stamp=2**64 - 1, time=2**53 - 1, seen=seed("statement")[:16], seen_at=2**53 - 1))
    ok("first-moment", "the first moment of the first day", Draft(time=MIDNIGHT))


def bad_notes(book: Book) -> None:
    bad = lambda name, why, expect, draft: note(book, name, why, expect, draft.bytes())
    good = Draft(ticket=endorsed()).bytes()
    note(book, "empty", "no bytes", "truncated", b"")
    note(book, "cut", "the last byte is missing", "truncated", good[:-1])
    note(book, "trailing", "a byte behind the signature", "trailing-bytes", good + b"\0")
    note(book, "2049", "2,049 bytes", "too-long", good, zeros=2_049 - len(good))
    note(book, "2048", "2,048 bytes, of which most are left over", "trailing-bytes", good, zeros=2_048 - len(good))
    bad("magic", "the magic of a tick", "bad-magic", Draft(magic=b"LET"))
    bad("version-2", "a newer version", "newer-version", Draft(version=2))
    bad("weak-key", "a writer's key of small order", "weak-key", Draft(key=WEAK))
    bad("what-3", "no such note", "bad-value", Draft(what=3))
    bad("slot-64", "one more than any room allows", "bad-value", Draft(slot=64))
    bad("flag-slot-16", "one more flag than a day has", "bad-value", flag(slot=16))
    bad("time-2-53", "times are below 2⁵³", "bad-value", Draft(time=2**53))
    bad("taken-back-parent", "a taking back answers nothing", "bad-value", taken_back(parent=seed("note")))
    bad("flag-nothing", "a flag names a note", "bad-value", flag(parent=NONE))
    bad("seen-without-time", "a statement has a time", "bad-value", Draft(seen=seed("statement")[:16]))
    bad("seen-time-alone", "no statement has no time", "bad-value", Draft(seen_at=NOON))
    bad("seen-2-53", "times are below 2⁵³", "bad-value", Draft(seen=seed("statement")[:16], seen_at=2**53))
    bad("ticket-2", "a ticket is there or not", "bad-value", Draft(ticket=u(1, 2)))
    bad("ticket-weak", "a ticket's key of small order", "weak-key", Draft(ticket=u(1, 1) + WEAK + bytes(64)))
    bad("length-1601", "more words than a note has", "too-long", Draft(length=1_601))
    bad("length-0", "words without words", "bad-value", Draft(""))
    bad("taken-back-words", "a taking back says nothing", "bad-value", taken_back(words="because"))
    bad("flag-words", "a flag says nothing", "bad-value", flag(words="because"))
    bad("flag-length-1601", "too long before it is anything else", "too-long", flag(length=1_601))
    bad("length-beyond", "words that are not there", "truncated", Draft("x", length=1_600))
    bad("parent-before-words", "the parent is looked at before the words", "bad-value", taken_back(parent=seed("note"), words="", length=1_601))


def texts(book: Book) -> None:
    ok = lambda name, why, words: note(book, f"text-{name}", why, "accepted", Draft(words).bytes())
    bad = lambda name, why, expect, words: note(book, f"text-{name}", why, expect, Draft(words).bytes())
    ok("1600", "as many as a note has", "x" * 1_600)
    ok("line-feed", "lines end with U+000A", "one\ntwo\n")
    ok("edges", "the characters beside those that are refused", "\u0020\u007e\u00a0")
    ok("direction", "characters that turn writing are text; programs show them apart", "\u202eabc\u200f")
    ok("last-character", "the last character that there is", "\U0010ffff")
    bad("nul", "U+0000", "bad-value", "a\0")
    bad("tab", "U+0009", "bad-value", "a\tb")
    bad("carriage-return", "U+000D", "bad-value", "a\r\n")
    bad("escape", "U+001B steers terminals", "bad-value", "\x1b[2J")
    bad("unit-separator", "U+001F is the last of the first ones", "bad-value", "\x1f")
    bad("delete", "U+007F is the first of the others", "bad-value", "\x7f")
    bad("next-line", "U+0085", "bad-value", "a\u0085b")
    bad("last-control", "U+009F is the last", "bad-value", "\u009f")
    bad("not-utf8", "a byte that begins nothing", "not-utf8", b"a\xff")
    bad("not-utf8-and-control", "UTF-8 is looked at first", "not-utf8", b"\0\xff")
    bad("surrogate", "half of a pair", "not-utf8", b"\xed\xa0\x80")
    bad("overlong", "a slash in two bytes", "not-utf8", b"\xc0\xaf")


def venues_of_notes(book: Book) -> None:
    bad = lambda name, why, expect, draft, **more: note(book, name, why, expect, draft.bytes(), **more)
    bad("other-room", "of another room", "bad-value", Draft(room=OTHER_ROOM))
    bad("shown-in-other-room", "shown to the readers of another room", "bad-value", Draft(), venue="other-room")
    note(book, "other-room-at-home", "the same at home", "accepted", Draft(room=OTHER_ROOM).bytes(), venue="other-room")
    bad("day-before", "a millisecond before the day of the room", "bad-value", Draft(time=MIDNIGHT - 1))
    bad("day-before-badly-signed", "the day is looked at before the signature", "bad-value", Draft(time=MIDNIGHT - 1, writer=STRANGER, key=ONE.key))
    bad("signed-by-other", "a stranger signs", "bad-signature", Draft(writer=STRANGER, key=ONE.key))
    bad("signed-for-other-room", "the signature covers the room", "bad-signature", Draft(context=OTHER_ROOM))
    bad("signed-as-tick", "the signature covers its label", "bad-signature", Draft(label="tick signature"))
    bad("ticket-of-other", "a ticket that vouches for somebody else", "bad-signature", Draft(ticket=endorsed(writer=TWO.key)))
    bad("ticket-of-other-room", "a ticket's word in another room", "bad-signature", Draft(ticket=endorsed(room=OTHER_ROOM)))
    bad("ticket-label", "a ticket's word under another label", "bad-signature", Draft(ticket=endorsed(label="note signature")))
    bad("ticket-by-writer", "writers do not vouch for themselves in a ticket's name", "bad-signature",
        Draft(ticket=u(1, 1) + TICKET.key + ONE.sign(message("ticket signature", ROOM, ONE.key))))
    good = Draft(ticket=endorsed()).bytes()
    for place, what in ((70, "time"), (100, "parent"), (120, "statement"), (135, "stamp"), (180, "ticket-signature"), (-70, "words"), (-64, "R"), (-1, "S")):
        expect = "bad-value" if what == "statement" else "bad-signature"
        note(book, f"flipped-{what}", "one bit is another", expect, flipped(good, place))


def entry(number: int) -> bytes:
    return number.to_bytes(8, "big")


def decided(*entries: bytes, count: int | None = None, version: int = 1) -> bytes:
    return u(1, version) + ROOM + listed(*entries, count=count)


HIDE = u(1, 1) + seed("note") + u(1, 1)


def purge(slot: int = 3, reason: int = 64) -> bytes:
    return u(1, 2) + seed("note") + entry(7) + u(4, FIRST_DAY) + u(1, slot) + u(1, reason)


def entries(*numbers: int, what: int = 6, count: int | None = None) -> bytes:
    return u(1, what) + listed(*(entry(number) for number in numbers), count=count, width=2)


def digest(*notes: bytes, count: int | None = None, length: int | None = None) -> bytes:
    parts = (u(2, len(one) if length is None else length) + one for one in notes)
    return u(1, 8) + u(4, FIRST_DAY) + listed(*parts, count=count)


def decisions(book: Book) -> None:
    ok = lambda name, why, *parts: book.case(f"decisions-{name}", why, "accepted", op="decisions", payload=decided(*parts))
    ok("each", "one of each", HIDE, purge(), u(1, 3) + entry(7) + u(4, FIRST_DAY) + u(1, 65), u(1, 4) + seed("note"),
       u(1, 5) + seed("item") + u(1, 254), entries(1, 2), entries(3, what=7), digest(Draft(ticket=endorsed()).bytes()), u(1, 9))
    ok("reasons", "the last of each kind of reason", u(1, 1) + seed("note") + u(1, 16), u(1, 1) + seed("note") + u(1, 68))
    ok("255", "DECISIONS_MAX", *[u(1, 9)] * 255)
    ok("entries-256", "ENTRIES_MAX", entries(*range(256)))
    ok("digest-24", "DIGEST_NOTES_MAX; what their signatures are worth is another question", digest(*[Draft(writer=STRANGER, key=ONE.key).bytes()] * 24))
    ok("purge-last-slot", "the last slot", purge(63))


def bad_decisions(book: Book) -> None:
    def case(name: str, why: str, expect: str, payload: bytes, **more) -> None:
        book.case(f"decisions-{name}", why, expect, op="decisions", payload=payload, **more)

    bad = lambda name, why, expect, *parts, **fields: case(name, why, expect, decided(*parts, **fields))
    case("empty", "no bytes", "truncated", b"")
    case("cut", "the last byte is missing", "truncated", decided(HIDE)[:-1])
    case("trailing", "a byte behind them", "trailing-bytes", decided(HIDE) + b"\0")
    case("too-long", "65,537 bytes", "too-long", decided(HIDE), zeros=65_537 - len(decided(HIDE)))
    bad("version-2", "a newer version", "newer-version", HIDE, version=2)
    bad("none", "nothing is decided", "bad-value")
    bad("what-0", "no such decision", "bad-value", u(1, 0))
    bad("what-10", "no such decision", "bad-value", u(1, 10))
    for reason in (0, 17, 63, 69, 255):
        bad(f"reason-{reason}", "no such reason", "bad-value", u(1, 1) + seed("note") + u(1, reason))
    bad("purge-slot-64", "no such slot", "bad-value", purge(64))
    bad("purge-slot-before-reason", "the slot is looked at before the reason is read", "bad-value", purge(64)[:-1])
    bad("entries-0", "nobody is admitted", "bad-value", entries())
    bad("entries-257", "257 entries", "too-many", entries(*range(257)))
    bad("entries-twice", "nobody twice", "not-canonical", entries(1, 1))
    bad("entries-descend", "entries ascend", "not-canonical", entries(2, 1, what=7))
    bad("entries-cut", "three are said to be there", "truncated", entries(1, 2, count=3))
    bad("digest-0", "no note", "bad-value", digest())
    bad("digest-25", "25 notes", "too-many", digest(count=25))
    bad("digest-note-2049", "a note of 2,049 bytes", "too-long", digest(b"", length=2_049))
    bad("digest-note-cut", "a note that does not decode", "truncated", digest(Draft().bytes()[:-1]))
    bad("digest-note-trailing", "a note with a byte behind it", "trailing-bytes", digest(Draft().bytes() + b"\0"))
    bad("digest-note-magic", "something else", "bad-magic", digest(bytes(300)))


def id_of(data: bytes) -> bytes:
    return labelled("note", data)


def winners(book: Book) -> None:
    def case(name: str, why: str, a: bytes, b: bytes, winner: str) -> None:
        book.case(f"winner-{name}", why, "accepted", {"winner": winner}, op="winner", venue="own", a=a, b=b)
        book.case(f"winner-{name}-turned", why, "accepted", {"winner": "ab".replace(winner, "")}, op="winner", venue="own", a=b, b=a)

    words = sorted((Draft(f"words {number}").bytes() for number in range(8)), key=id_of)
    backs = sorted((taken_back(stamp=number).bytes() for number in range(8)), key=id_of)
    case("words", "of words the smaller ID", words[0], words[1], "a")
    case("taken-back", "a taking back before words of a smaller ID", max(backs, key=id_of), words[0], "a")
    case("two-taken-back", "of takings back the smaller ID", backs[0], backs[1], "a")
    flags = sorted((flag(parent=seed(f"note {number}")).bytes() for number in range(4)), key=id_of)
    case("flags", "of flags the smaller ID", flags[0], flags[1], "a")
    keys = sorted((Draft(ticket=endorsed(writer=one.key), writer=one).bytes() for one in (ONE, TWO)), key=id_of)
    case("one-ticket", "two writers with one ticket have one place", keys[0], keys[1], "a")


def orders(book: Book) -> None:
    def case(name: str, why: str, *notes: Draft) -> None:
        book.case(f"order-{name}", why, "accepted", op="order", venue="own", notes=[one.bytes() for one in notes])

    root = Draft("root", time=NOON + 50)
    answer = Draft("answer", slot=1, time=NOON, parent=id_of(root.bytes()))
    third = Draft("third", slot=2, time=NOON + 20, parent=id_of(answer.bytes()))
    statement = Draft("saw a statement", slot=3, seen=seed("statement")[:16], seen_at=NOON + 40)
    case("times", "by the times of the writers", *(Draft("x", slot=slot, time=NOON + slot % 3) for slot in range(6)))
    case("answers", "nothing stands before what it answers", third, answer, root)
    case("missing-parent", "what is not held holds up nothing", third, answer)
    case("statement", "nothing stands before a statement that its writer had seen", statement, root, Draft("later", slot=4, time=NOON + 30))
    case("answer-to-statement", "nor does what answers that", Draft("x", slot=5, parent=id_of(statement.bytes())), statement, root)
    case("same-time", "of one time the smaller ID first", *(Draft(f"{slot}", slot=slot) for slot in range(5)))
    case("taken-back", "a taking back stands at its own time", root, taken_back(slot=1, time=NOON), third)
