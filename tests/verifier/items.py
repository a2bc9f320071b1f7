"""Payloads of items: articles and retractions (docs/spec/items.md)."""

from dataclasses import dataclass

from .hashes import plain
from .header import payload_bytes_max
from .limits import (BODY_BYTES_MAX, GROUP_BYTES, GROUPS_INLINE_BYTES_MAX, INLINE_FILE_BYTES_MAX, LABEL_BYTES_MAX,
                     LANGUAGE_BYTES_MAX, MIME_BYTES_MAX, NUMBER_END, RENDITIONS_MAX, RETRACTION_TARGETS_MAX, TITLE_BYTES_MAX, VARIANTS_MAX)
from .reader import Reader, ascends
from .refusal import require

LANGUAGE_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")


@dataclass
class Variant:
    language: str
    origin: int
    title: str
    body: str


@dataclass
class InlineFile:
    data: bytes


@dataclass
class Rendition:
    name: str
    blob: bytes
    size: int
    mime: str
    duration: int
    width: int
    height: int
    groups: list[bytes] | bytes | InlineFile | None


@dataclass
class Article:
    corrects: bytes | None
    variants: list[Variant]
    renditions: list[Rendition]


@dataclass
class Retraction:
    targets: list[bytes]
    reason: str


def decode_article(data: bytes, kind: int) -> Article:
    """Decodes the payload of kind 1, 2 or 3."""
    reader = Reader(data, payload_bytes_max(kind))
    reader.version()
    corrects = reader.take(32) if reader.below(2, 1) else None
    variants: list[Variant] = []
    for _ in range(reader.count(1, VARIANTS_MAX, 1)):
        variants.append(read_variant(reader, variants))
    count = reader.count(1, RENDITIONS_MAX)
    require((count > 0) == (kind == 2), "bad-value", f"{count} renditions in kind {kind}")
    renditions: list[Rendition] = []
    for _ in range(count):
        renditions.append(read_rendition(reader, renditions))
    reader.end()
    return Article(corrects, variants, renditions)


def read_variant(reader: Reader, before: list[Variant]) -> Variant:
    language = reader.text(LANGUAGE_BYTES_MAX)
    require(LANGUAGE_LETTERS.issuperset(language), "bad-value", "language")
    require(all(language != other.language for other in before), "not-canonical", "language twice")
    origin = reader.below(3, 1)
    require(bool(before) or origin == 0, "bad-value", "the first variant is the original")
    return Variant(language, origin, reader.text(TITLE_BYTES_MAX), reader.text(BODY_BYTES_MAX))


def read_rendition(reader: Reader, before: list[Rendition]) -> Rendition:
    name = reader.text(LABEL_BYTES_MAX, 1)
    require(all(name != other.name for other in before), "not-canonical", "name twice")
    blob = reader.take(32)
    size = reader.below(NUMBER_END)
    mime = reader.text(MIME_BYTES_MAX)
    require(all("!" <= letter <= "~" for letter in mime), "bad-value", "MIME type")
    duration = reader.below(NUMBER_END)
    width, height = reader.u32(), reader.u32()
    return Rendition(name, blob, size, mime, duration, width, height, read_groups(reader, size, blob))


def read_groups(reader: Reader, size: int, blob: bytes) -> list[bytes] | bytes | InlineFile | None:
    form = reader.below(4, 1)
    if form == 3:
        require(size <= INLINE_FILE_BYTES_MAX, "not-canonical", f"{size} bytes are no small file")
        data = reader.take(size)
        require(plain(data) == blob, "hash-mismatch", "the file in the item")
        return InlineFile(data)
    count = -(-size // GROUP_BYTES)
    if size < GROUP_BYTES:
        expected = 0
    else:
        expected = 1 if count * 32 <= GROUPS_INLINE_BYTES_MAX else 2
    require(form == expected, "not-canonical", f"groups {form} for {size} bytes")
    if form == 0:
        return None
    if form == 2:
        return reader.take(32)
    require(reader.u32() == count, "not-canonical", "count of groups")
    return [reader.take(32) for _ in range(count)]


def decode_retraction(data: bytes) -> Retraction:
    """Decodes the payload of kind 4."""
    reader = Reader(data, payload_bytes_max(4))
    reader.version()
    targets: list[bytes] = []
    for _ in range(reader.count(2, RETRACTION_TARGETS_MAX, 1)):
        target = reader.take(32)
        ascends(targets[-1] if targets else None, target)
        targets.append(target)
    reason = reader.text(TITLE_BYTES_MAX)
    reader.end()
    return Retraction(targets, reason)
