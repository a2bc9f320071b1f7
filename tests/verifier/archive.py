"""Archives: a tree in one file (docs/spec/archive.md)."""

from dataclasses import dataclass, field

from . import tree
from .limits import (ARCHIVE_ENTRIES_MAX, ARCHIVE_PATH_BYTES_MAX, CHARTER_BYTES_MAX, HEAD_BYTES_MAX, HEADER_BYTES_MAX,
                     PAYLOAD_BYTES_MAX)
from .reader import Reader
from .refusal import Refused

FORK_BYTES_MAX = 2452


@dataclass
class Archive:
    """What was found: paths with their bytes, paths that are of no use with a code each, and how the reading ended."""

    objects: list[tuple[str, bytes]] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    end: str = "complete"


def read(data: bytes) -> Archive:
    """Splits an archive; raises Refused only for one that is none, or a newer one."""
    reader = Reader(data)
    reader.magic(b"LEA")
    archive = Archive()
    while reader.left():
        try:
            read_entry(reader, archive)
        except Refused as refusal:
            archive.end = refusal.code
            break
    return archive


def read_entry(reader: Reader, archive: Archive) -> None:
    length = reader.u16()
    if not 1 <= length <= ARCHIVE_PATH_BYTES_MAX:
        raise Refused("bad-value", "the length of a path")
    text, length = reader.take(length), reader.u64()
    if len(archive.objects) + len(archive.refused) == ARCHIVE_ENTRIES_MAX:
        raise Refused("too-many", "entries")
    path = text.decode("latin-1")
    fault = fault_of(path, length)
    if fault:
        archive.refused.append((path, fault))
    # What is there of an object that is cut off counts as far as it proves itself; here only whole ones do.
    data = reader.take(length)
    if not fault:
        archive.objects.append((path, data))


def fault_of(path: str, length: int) -> str | None:
    try:
        found = tree.parse(path)
    except Refused:
        return "bad-value"
    return "too-long" if length > bytes_max(found) else None


def bytes_max(path: tree.Path) -> int:
    """Returns the longest that an honest object under this path can be."""
    if path.kind == "pack":
        return 53 + 8**path.level * (2 + HEADER_BYTES_MAX + 12 + PAYLOAD_BYTES_MAX)
    return {"head": HEAD_BYTES_MAX, "charter": CHARTER_BYTES_MAX, "fork": FORK_BYTES_MAX, "blob": 3 << 30,
            "part": 1 << 30, "outboard": (4 << 30) - 1}[path.kind]
