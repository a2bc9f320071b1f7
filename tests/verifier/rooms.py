"""Rooms: openings, notes, decisions, which note stands and when it is shown (docs/spec/rooms.md)."""

from dataclasses import dataclass

from . import edwards
from .charter import ZEROS
from .hashes import labelled, message
from .header import payload_bytes_max
from .items import LANGUAGE_LETTERS
from .limits import (DAY_MS, DIGEST_NOTES_MAX, DECISIONS_MAX, ENTRIES_MAX, FLAGS_PER_DAY_MAX, LANGUAGE_BYTES_MAX, NOTE_BYTES_MAX,
                     NOTE_TEXT_BYTES_MAX, NOTES_PER_DAY_MAX, ROOM_DAYS_MAX, ROOM_RULE_BYTES_MAX, ROOM_RULES_MAX, TITLE_BYTES_MAX)
from .reader import Reader, ascends
from .refusal import require

ROOM_KIND, MODERATION_KIND = 7, 8
WORDS, TAKEN_BACK, FLAG = 0, 1, 2
REASONS = frozenset(range(1, ROOM_RULES_MAX + 1)) | frozenset(range(64, 69))


@dataclass
class Opening:
    language: str
    title: str
    rules: list[str]
    admission: int
    notes: int
    retention: int
    under: bytes


@dataclass
class Venue:
    """The room that notes are verified against, and the day of its item."""

    room: bytes
    first_day: int


@dataclass
class Note:
    data: bytes
    room: bytes
    key: bytes
    what: int
    slot: int
    time: int
    parent: bytes
    seen: bytes
    seen_at: int
    stamp: int
    ticket: bytes | None
    ticket_signature: bytes
    text: str

    def id(self) -> bytes:
        return labelled("note", self.data)

    def day(self) -> int:
        return self.time // DAY_MS

    def entry(self) -> bytes:
        """Returns whom quota, rank and ban count by."""
        if self.ticket is None:
            return labelled("writer entry", self.room + self.key)[:8]
        return labelled("ticket entry", self.room + self.ticket)[:8]

    def place(self) -> tuple:
        return self.entry(), self.day(), self.what == FLAG, self.slot

    def pseudonym(self) -> list[int]:
        """Returns the numbers of adjective, noun, border and inside."""
        first = labelled("pseudonym", self.room + self.key)[:4]
        return [byte % most for byte, most in zip(first, (128, 128, 16, 16))]


def decode_opening(data: bytes) -> Opening:
    """Decodes the payload of kind 7."""
    reader = Reader(data, payload_bytes_max(ROOM_KIND))
    reader.version()
    language = reader.text(LANGUAGE_BYTES_MAX)
    require(LANGUAGE_LETTERS.issuperset(language), "bad-value", "language")
    title = reader.text(TITLE_BYTES_MAX, 1)
    rules = [reader.text(ROOM_RULE_BYTES_MAX, 1) for _ in range(reader.count(1, ROOM_RULES_MAX))]
    admission = reader.below(2, 1)
    notes = reader.u8()
    require(1 <= notes <= NOTES_PER_DAY_MAX, "bad-value", f"{notes} notes a day")
    retention = reader.u16()
    require(1 <= retention <= ROOM_DAYS_MAX, "bad-value", f"{retention} days")
    under = reader.take(32)
    reader.end()
    return Opening(language, title, rules, admission, notes, retention, under)


def decode_note(data: bytes) -> Note:
    """Decodes a note; its signatures are not checked here."""
    reader = Reader(data, NOTE_BYTES_MAX)
    reader.magic(b"LEN")
    room, key = reader.take(32), reader.key()
    what = reader.below(3, 1)
    slot = reader.below(FLAGS_PER_DAY_MAX if what == FLAG else NOTES_PER_DAY_MAX, 1)
    time = reader.time()
    parent = reader.take(32)
    require(what != TAKEN_BACK or parent == ZEROS, "bad-value", "a taking back answers nothing")
    require(what != FLAG or parent != ZEROS, "bad-value", "a flag names a note")
    seen, seen_at = reader.take(16), reader.time()
    require((seen == bytes(16)) == (seen_at == 0), "bad-value", "statement and its time")
    stamp = reader.u64()
    has_ticket = reader.below(2, 1)
    ticket = reader.key() if has_ticket else None
    ticket_signature = reader.take(64) if has_ticket else b""
    text = read_words(reader, what)
    reader.take(64)
    reader.end()
    return Note(data, room, key, what, slot, time, parent, seen, seen_at, stamp, ticket, ticket_signature, text)


def read_words(reader: Reader, what: int) -> str:
    length = reader.u16()
    require(length <= NOTE_TEXT_BYTES_MAX, "too-long", f"{length} bytes of words")
    require((length > 0) == (what == WORDS), "bad-value", "words have words, and nothing else does")
    raw = reader.take(length)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = None
    require(text is not None, "not-utf8")
    steers = [letter for letter in text if letter != "\n" and (letter < " " or "\x7f" <= letter <= "\x9f")]
    require(not steers, "bad-value", "a character that is no text")
    return text


def check_note(note: Note, venue: Venue) -> None:
    """Checks a decoded note against its room."""
    require(note.room == venue.room, "bad-value", "another room")
    require(note.day() >= venue.first_day, "bad-value", "from before the room")
    if note.ticket is not None:
        asked = message("ticket signature", note.room, note.key)
        require(edwards.verify(note.ticket, asked, note.ticket_signature), "bad-signature", "ticket")
    signed, signature = note.data[:-64], note.data[-64:]
    require(edwards.verify(note.key, message("note signature", note.room, signed), signature), "bad-signature", "note")


def stands(a: Note, b: Note) -> bool:
    """Whether a stands, of two notes of one place."""
    return (a.what != TAKEN_BACK, a.id()) < (b.what != TAKEN_BACK, b.id())


def in_order(notes: list[Note]) -> list[tuple[int, bytes]]:
    """Returns shown times and IDs of notes of which each stands in its place, in the order of the room."""
    held = {note.id(): note for note in notes}
    times: dict[bytes, int] = {}
    for name in held:
        above = []
        while name in held and name not in times:
            above.append(name)
            name = held[name].parent
        latest = times.get(name, 0)
        for name in reversed(above):
            latest = max(latest, held[name].time, held[name].seen_at)
            times[name] = latest
    return sorted((time, name) for name, time in times.items())


def decode_decisions(data: bytes) -> tuple[bytes, list[dict]]:
    """Decodes the payload of kind 8: the room, and what is decided."""
    reader = Reader(data, payload_bytes_max(MODERATION_KIND))
    reader.version()
    room = reader.take(32)
    decisions = [read_decision(reader) for _ in range(reader.count(1, DECISIONS_MAX, 1))]
    reader.end()
    return room, decisions


def read_decision(reader: Reader) -> dict:
    what = reader.u8()
    require(1 <= what <= 9, "bad-value", f"no decision {what}")
    return READERS[what - 1](reader)


def read_reason(reader: Reader) -> int:
    reason = reader.u8()
    require(reason in REASONS, "bad-value", f"no reason {reason}")
    return reason


def read_hide(reader: Reader) -> dict:
    return {"what": "hide", "note": reader.take(32), "reason": read_reason(reader)}


def read_purge(reader: Reader) -> dict:
    note, entry, day = reader.take(32), reader.take(8), reader.u32()
    return {"what": "purge", "note": note, "entry": entry, "day": day, "slot": reader.below(NOTES_PER_DAY_MAX, 1),
            "reason": read_reason(reader)}


def read_ban(reader: Reader) -> dict:
    return {"what": "ban", "entry": reader.take(8), "first_day": reader.u32(), "reason": read_reason(reader)}


def read_pin(reader: Reader) -> dict:
    return {"what": "pin", "note": reader.take(32)}


def read_lift(reader: Reader) -> dict:
    return {"what": "lift", "item": reader.take(32), "index": reader.u8()}


def read_entries(reader: Reader) -> list[bytes]:
    entries: list[bytes] = []
    for _ in range(reader.count(2, ENTRIES_MAX, 1)):
        entry = reader.take(8)
        ascends(entries[-1] if entries else None, entry)
        entries.append(entry)
    return entries


def read_digest(reader: Reader) -> dict:
    day = reader.u32()
    notes = []
    for _ in range(reader.count(1, DIGEST_NOTES_MAX, 1)):
        length = reader.u16()
        require(length <= NOTE_BYTES_MAX, "too-long", f"a note of {length} bytes")
        notes.append(decode_note(reader.take(length)))
    return {"what": "digest", "day": day, "notes": [note.id() for note in notes]}


READERS = (
    read_hide, read_purge, read_ban, read_pin, read_lift,
    lambda reader: {"what": "tickets", "entries": read_entries(reader)},
    lambda reader: {"what": "writers", "entries": read_entries(reader)},
    read_digest,
    lambda reader: {"what": "close"},
)
