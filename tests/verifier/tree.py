"""The paths of the tree (docs/spec/tree.md)."""

import re
from dataclasses import dataclass
from pathlib import Path as File

from .limits import LOG_ITEMS_MAX, PACK_LEVEL_MAX
from .refusal import Refused, require

# In paths only; a charter itself carries 64 bits.
CHARTER_NUMBER_MAX = 2**32 - 1

NUMBER = r"0|[1-9][0-9]{0,19}"
FORMS = {
    "head": r"c/(?P<channel>[0-9a-f]{64})/head",
    "charter": rf"c/(?P<channel>[0-9a-f]{{64}})/charter/(?P<number>{NUMBER})",
    "pack": rf"c/(?P<channel>[0-9a-f]{{64}})/p/(?P<log>[0-9a-f]{{32}})/(?P<level>[0-9])-(?P<index>{NUMBER})",
    "fork": r"c/(?P<channel>[0-9a-f]{64})/fork/(?P<log>[0-9a-f]{32})",
    "edge": r"c/(?P<channel>[0-9a-f]{64})/live/(?P<stream>[0-9a-f]{32})",
    "notes": r"c/(?P<channel>[0-9a-f]{64})/r/(?P<room>[0-9a-f]{32})/notes",
    "sheaf": r"c/(?P<channel>[0-9a-f]{64})/r/(?P<room>[0-9a-f]{32})/(?P<sheaf>[0-9a-f]{24})",
    "blob": r"b/(?P<shelf>[0-9a-f]{2})/(?P<blob>[0-9a-f]{64})",
    "outboard": r"b/(?P<shelf>[0-9a-f]{2})/(?P<blob>[0-9a-f]{64})\.o",
    "part": r"b/(?P<shelf>[0-9a-f]{2})/(?P<blob>[0-9a-f]{64})\.(?P<start>[0-9a-f]{8})",
}


@dataclass
class Path:
    """One parsed path: its kind, and of the other fields those that its kind has."""

    kind: str
    channel: bytes | None = None
    log: bytes | None = None
    stream: bytes | None = None
    room: bytes | None = None
    sheaf: bytes | None = None
    blob: bytes | None = None
    number: int | None = None
    level: int | None = None
    index: int | None = None
    start_mib: int | None = None
    file: File | None = None


def parse(text: str) -> Path:
    """Returns what a relative path names; whatever is not written exactly so is no path of the tree."""
    for kind, form in FORMS.items():
        found = re.fullmatch(form, text)
        if found:
            return check(kind, found.groupdict())
    raise Refused("bad-path", text)


def check(kind: str, fields: dict[str, str]) -> Path:
    path = Path(kind)
    for name in ("channel", "log", "stream", "room", "sheaf", "blob"):
        if name in fields:
            setattr(path, name, bytes.fromhex(fields[name]))
    for name in ("number", "level", "index"):
        if name in fields:
            setattr(path, name, int(fields[name]))
    if kind == "charter":
        require(1 <= path.number <= CHARTER_NUMBER_MAX, "bad-path", "charter number")
    if kind == "pack":
        require(path.level <= PACK_LEVEL_MAX and path.index < LOG_ITEMS_MAX // 8**path.level, "bad-path", "pack position")
    if path.blob is not None:
        require(fields["shelf"] == fields["blob"][:2], "bad-path", "blob on another shelf")
    if kind == "part":
        path.start_mib = int(fields["start"], 16)
    return path
