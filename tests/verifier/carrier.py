"""Verifies a folder that carries the tree of a channel (docs/spec/tree.md, stick.md), and says what it found."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from blake3 import blake3

from . import fork, head, items, live, outboard, pack, statement, tree
from .charter import Chain
from .hashes import log_id
from .header import ARTICLE_KINDS, RETRACTION_KIND, Header
from .limits import GROUP_BYTES
from .refusal import Refused, require
from .status import Held

STICK_FOLDER = "files"
READ_BYTES = 1 << 20


def find_tree(folder: Path) -> Path:
    """Returns the tree in a stick's top folder, or the folder itself."""
    for place in (folder / STICK_FOLDER, folder):
        if (place / "c").is_dir() or (place / "b").is_dir():
            return place
    raise SystemExit(f"{folder} holds no tree")


@dataclass
class Carrier:
    """One folder and one channel; `problems` are what the folder should not hold, `missing` what it could hold and does not."""

    root: Path
    channel: bytes
    paths: dict[str, list[tree.Path]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    renditions: list[items.Rendition] = field(default_factory=list)
    openings: list[tuple[Header, live.Session]] = field(default_factory=list)
    checked_blobs: dict[bytes, int] = field(default_factory=dict)

    def check(self) -> None:
        """Checks everything and fills the lists."""
        self.list_files()
        self.chain = Chain(self.channel)
        self.held = Held(self.chain)
        self.each("charter", lambda path, data: self.chain.accept(data), order=lambda path: path.number)
        self.lines.append(f"charters: {len(self.chain.charters)} accepted")
        if not self.chain.charters:
            self.problems.append("no charter 1: nothing else can be checked")
            return
        self.keys = {entry.key for charter in self.chain.charters for entry in charter.delegates}
        self.each("head", self.check_head)
        self.each("fork", self.check_fork)
        self.each("pack", self.check_pack, order=lambda path: (path.log, -path.level, path.index))
        self.check_statuses()
        self.each("edge", self.check_edge)
        self.check_blobs()
        self.check_renditions()

    def list_files(self) -> None:
        foreign = 0
        for folder, folders, names in os.walk(self.root):
            folders.sort()
            for name in sorted(names):
                relative = os.path.relpath(os.path.join(folder, name), self.root).replace(os.sep, "/")
                if relative.startswith(".tmp-"):
                    continue
                try:
                    require((self.root / relative).is_file() and not (self.root / relative).is_symlink(), "bad-path", "no regular file")
                    path = tree.parse(relative)
                except Refused as refusal:
                    self.problems.append(f"{relative}: {refusal}")
                    continue
                if path.channel not in (None, self.channel):
                    foreign += 1
                    continue
                path.file = self.root / relative
                self.paths.setdefault(path.kind, []).append(path)
        counts = ", ".join(f"{len(found)} {kind}" for kind, found in sorted(self.paths.items()))
        self.lines.append(f"files: {counts or 'none'}" + (f"; {foreign} of other channels not looked at" if foreign else ""))

    def each(self, kind: str, check, order=lambda path: str(path.file)) -> None:
        """Runs a check over all files of one kind; a refusal becomes a problem that names the file."""
        for path in sorted(self.paths.get(kind, []), key=order):
            try:
                check(path, path.file.read_bytes())
            except Refused as refusal:
                self.problems.append(f"{path.file.relative_to(self.root)}: {refusal}")

    def check_head(self, path: tree.Path, data: bytes) -> None:
        found = head.decode(data)
        require(found.channel == self.channel, "wrong-channel")
        if found.charter > len(self.chain.charters):
            self.missing.append(f"charter {found.charter}, which the head names")
        else:
            require(self.chain.charters[found.charter - 1].hash == found.charter_hash, "hash-mismatch", "charter of the head")
        for one in found.statements.values():
            statement.check_known(one, self.channel, self.keys)
            self.held.keep_statement(one)
            self.held.log(one.log(self.channel), one.key)
        proven = {path.log for path in self.paths.get("fork", [])}
        self.missing += [f"the proof of the fork of log {log.hex()}" for log in found.forks if log not in proven]
        self.lines.append(f"head: charter {found.charter}, {len(found.statements)} statements verified, {len(found.forks)} forks named")

    def check_fork(self, path: tree.Path, data: bytes) -> None:
        found = fork.verify(data, self.channel, self.keys)
        require(found.a.log == path.log, "wrong-log", "another log than the path's")
        self.held.log(path.log, found.key).headers.update({found.a.id: found.a, found.b.id: found.b})

    def check_pack(self, path: tree.Path, data: bytes) -> None:
        found = pack.read(data, self.channel, self.keys)
        require((found.level, found.index) == (path.level, path.index), "out-of-sequence", "another position than the path's")
        require(log_id(self.channel, found.key, found.incarnation) == path.log, "wrong-log", "another log than the path's")
        name = path.file.relative_to(self.root)
        if found.end != "complete":
            self.problems.append(f"{name}: {found.end}")
        log = self.held.log(path.log, found.key)
        for slot in found.slots:
            for state in (slot.header_state, slot.payload_state):
                if state not in (pack.GOOD, pack.LEFT_OUT, pack.UNREAD):
                    self.problems.append(f"{name}: item {slot.seq}: {state}")
            if slot.header_state == pack.LEFT_OUT:
                self.problems.append(f"{name}: item {slot.seq} is left out of a published pack")
            if slot.header is not None:
                self.keep(log, slot, str(name))

    def keep(self, log, slot: pack.Slot, name: str) -> None:
        log.headers[slot.header.id] = slot.header
        if slot.payload is None or slot.header.id in self.held.payloads:
            return
        self.held.payloads[slot.header.id] = slot.payload
        try:
            self.read_payload(slot.header, slot.payload)
        except Refused as refusal:
            self.problems.append(f"{name}: payload of item {slot.seq}: {refusal}")

    def read_payload(self, header: Header, payload: bytes) -> None:
        kind = header.kind
        if kind in ARTICLE_KINDS:
            self.renditions += items.decode_article(payload, kind).renditions
        elif kind == RETRACTION_KIND:
            items.decode_retraction(payload)
        elif kind == live.OPENING_KIND:
            opening = live.decode_opening(payload)
            self.openings.append((header, live.Session(self.channel, opening.stream, opening.session, opening.until)))
        elif kind == live.ROLL_UP_KIND:
            self.keep_ticks(live.decode_roll_up(payload).ticks)

    def keep_ticks(self, ticks: list[live.Tick]) -> None:
        self.renditions += [file for tick in ticks for segment in tick.segments for file in segment.files()]

    def check_edge(self, path: tree.Path, data: bytes) -> None:
        statuses = self.held.statuses()
        visible = [(header.time, session) for header, session in self.openings
                   if session.stream == path.stream and statuses[header.id][0] in ("shown", "disputed")]
        if not visible:
            self.missing.append(f"the opening of broadcast {path.stream.hex()}: its edge is not checked")
            return
        found = live.verify_edge(data, min(visible, key=lambda one: one[0])[1])
        self.keep_ticks(found.ticks)
        self.lines.append(f"edge: {path.stream.hex()[:16]}… {len(found.ticks)} ticks verified")

    def check_statuses(self) -> None:
        counts: dict[str, int] = {}
        for status, reason in self.held.statuses().values():
            word = f"{status} ({reason})" if reason else status
            counts[word] = counts.get(word, 0) + 1
        total = sum(counts.values())
        self.lines.append(f"items: {total} verified" + "".join(f", {count} {word}" for word, count in sorted(counts.items()))
                          + f"; {len(self.held.payloads)} payloads verified")
        for log, said in self.held.statements.items():
            seqs = {one.seq for one in self.held.logs[log].headers.values()}
            holes = said.items - len([seq for seq in seqs if seq < said.items])
            if holes:
                self.missing.append(f"{holes} items of log {log.hex()}")
            elif said.items:
                ids = [one.id for one in self.held.logs[log].headers.values() if one.seq == said.items - 1]
                if said.tip not in ids:
                    self.problems.append(f"log {log.hex()}: its newest item is not the one of its statement")

    def check_blobs(self) -> None:
        for path in self.paths.get("blob", []):
            hasher = blake3()
            with open(path.file, "rb") as file:
                while piece := file.read(READ_BYTES):
                    hasher.update(piece)
            if hasher.digest() == path.blob:
                self.checked_blobs[path.blob] = path.file.stat().st_size
            else:
                self.problems.append(f"{path.file.relative_to(self.root)}: hash-mismatch")
        self.lines.append(f"blobs: {len(self.checked_blobs)} verified, {sum(self.checked_blobs.values())} bytes")
        sizes = dict(self.checked_blobs)
        sizes.update({one.blob: one.size for one in self.renditions})
        self.each("outboard", lambda path, data: self.check_outboard(path, data, sizes))
        self.each("part", lambda path, data: self.check_part(path, data, sizes))

    def check_outboard(self, path: tree.Path, data: bytes, sizes: dict[bytes, int]) -> None:
        size = sizes.get(path.blob)
        if size is None:
            self.missing.append(f"the size of blob {path.blob.hex()}: its outboard is not checked")
            return
        leaves = outboard.check(path.blob, size, data, may_lack=path.blob not in self.checked_blobs)
        if None in leaves:
            self.missing.append(f"outboard of {leaves.count(None)} blocks of blob {path.blob.hex()}")
        self.lines.append(f"outboard: {path.blob.hex()[:16]}… verified, {len(data)} bytes")

    def check_part(self, path: tree.Path, data: bytes, sizes: dict[bytes, int]) -> None:
        size = sizes.get(path.blob)
        beside = path.file.with_name(path.blob.hex() + ".o")
        if size is None or not beside.is_file():
            self.missing.append(f"size or outboard of blob {path.blob.hex()}: a part is not checked")
            return
        good = outboard.check_range(path.blob, size, beside.read_bytes(), path.start_mib * GROUP_BYTES, data)
        self.lines.append(f"part: {path.file.name[:16]}… at {path.start_mib} MiB, {good} of {len(data)} bytes verified")

    def check_renditions(self) -> None:
        for one in self.renditions:
            if isinstance(one.groups, items.InlineFile):
                continue
            if one.blob not in self.checked_blobs:
                self.missing.append(f"blob {one.blob.hex()} ({one.name}, {one.size} bytes)")
                continue
            if self.checked_blobs[one.blob] != one.size:
                self.problems.append(f"blob {one.blob.hex()}: its item says {one.size} bytes")
            values = one.groups
            if isinstance(values, bytes):
                values = self.groups_in_blob(values)
            if values is not None:
                self.check_groups(one, values)

    def groups_in_blob(self, name: bytes) -> list[bytes] | None:
        if name not in self.checked_blobs:
            self.missing.append(f"blob {name.hex()} (groups)")
            return None
        raw = (self.root / "b" / name.hex()[:2] / name.hex()).read_bytes()
        return [raw[start:start + 32] for start in range(0, len(raw), 32)]

    def check_groups(self, one: items.Rendition, values: list[bytes]) -> None:
        try:
            outboard.check_groups(one.blob, one.size, values)
            self.lines.append(f"groups: {one.blob.hex()[:16]}… {len(values)} verified")
        except Refused as refusal:
            self.problems.append(f"groups of blob {one.blob.hex()}: {refusal}")
