"""Runs one vector: returns its result, or raises what refuses it. tests/vectors/README.md describes the fields."""

from . import address, archive, charter, closing, edwards, fork, head, header, items, live, outboard, pack, reconcile, rooms, statement, tree
from .hashes import plain
from .header import RETRACTION_KIND
from .reader import Reader
from .refusal import require
from .status import Held


def raw(case: dict, field: str) -> bytes:
    """Returns a field of hexadecimal digits, with `zeros` zero bytes behind it if the case says so."""
    return bytes.fromhex(case[field]) + bytes(case.get("zeros", 0))


def keys(case: dict) -> set[bytes]:
    return {bytes.fromhex(key) for key in case["delegates"]}


def run_address(case: dict, shared: dict) -> dict:
    channel, hints = address.read(case["text"])
    return {"channel": channel.hex(), "hints": hints, "written": address.write(channel, hints), "digits": address.digits(channel)}


def chain_of(case: dict, shared: dict) -> charter.Chain:
    chain = charter.Chain(bytes.fromhex(case["channel"]))
    for name in case["accepted"]:
        chain.accept(bytes.fromhex(shared["charters"][name]))
    return chain


def run_charter(case: dict, shared: dict) -> dict:
    chain = chain_of(case, shared)
    found = charter.decode(raw(case, "charter"))
    chain.verify(found)
    return {"applied": chain.fate(found), "hash": found.hash.hex(), "channel": found.channel().hex(), "number": found.number, "name": found.name,
            "threshold": found.threshold, "roots": len(found.roots), "delegates": len(found.delegates),
            "closings": len(found.closings), "signatures": len(found.signatures)}


def run_header(case: dict, shared: dict) -> dict:
    opening = keys(case), bytes.fromhex(case["channel"]), bytes.fromhex(case["key"]), case["incarnation"]
    if case["op"] == "run":
        run = header.verify_run([bytes.fromhex(one) for one in case["headers"]], *opening)
        return {"ids": [one.id.hex() for one in run]}
    found = header.verify(raw(case, "header"), *opening)
    return {"id": found.id.hex(), "log": found.log.hex(), "kind": found.kind, "seq": found.seq, "time": found.time,
            "expiry": found.expiry, "payload_length": found.payload_length, "payload_hash": found.payload_hash.hex(),
            "previous": found.previous.hex()}


def run_item(case: dict, shared: dict) -> dict:
    payload = raw(case, "payload")
    if case["kind"] == RETRACTION_KIND:
        found = items.decode_retraction(payload)
        return {"targets": [target.hex() for target in found.targets], "reason": found.reason}
    found = items.decode_article(payload, case["kind"])
    return {"corrects": found.corrects.hex() if found.corrects else None,
            "variants": variants_of(found.variants),
            "renditions": [{"name": one.name, "blob": one.blob.hex(), "size": one.size, "mime": one.mime,
                            "duration": one.duration, "width": one.width, "height": one.height,
                            "groups": groups_of(one)} for one in found.renditions]}


def variants_of(variants: list[items.Variant]) -> list[dict]:
    return [{"language": one.language, "origin": one.origin, "title": one.title, "body_bytes": len(one.body.encode())} for one in variants]


def groups_of(rendition: items.Rendition) -> int | str | dict | None:
    """Returns null, the count of inline groups, the hash of the blob that holds them, or the size of an inline file."""
    if isinstance(rendition.groups, items.InlineFile):
        return {"file_bytes": len(rendition.groups.data)}
    if isinstance(rendition.groups, list):
        return len(rendition.groups)
    return rendition.groups.hex() if rendition.groups else None


def run_statement(case: dict, shared: dict) -> dict:
    channel = bytes.fromhex(case["channel"])
    if case["op"] == "winner":
        a, b = (statement.decode(bytes.fromhex(case[side])) for side in "ab")
        return {"winner": "a" if a.rank() > b.rank() else "b"}
    found = statement.verify(raw(case, "statement"), channel, keys(case))
    return {"log": found.log(channel).hex(), "hash": found.rank()[1].hex(), "counter": found.counter, "time": found.time,
            "next_word": found.next_word, "items": found.items, "tip": found.tip.hex(), "charter": found.charter,
            "citations": [{"log": one.log.hex(), "seq": one.seq, "prefix": one.prefix.hex()} for one in found.citations]}


def run_head(case: dict, shared: dict) -> dict:
    if case["op"] == "merge":
        a, b = (head.decode(bytes.fromhex(case[side])) for side in "ab")
        merged = head.encode(head.merge(a, b))
        require(merged == head.encode(head.merge(b, a)), "bad-value", "merge does not commute")
        return {"merged": merged.hex()}
    found = head.decode(raw(case, "head"))
    return {"channel": found.channel.hex(), "charter": found.charter, "charter_hash": found.charter_hash.hex(),
            "logs": [log.hex() for log in found.statements], "forks": [log.hex() for log in found.forks]}


def run_pack(case: dict, shared: dict) -> dict:
    data = raw(case, "pack")
    found = pack.read(data, bytes.fromhex(case["channel"]), keys(case))
    return {"level": found.level, "index": found.index, "end": found.end,
            "slots": [{"seq": slot.seq, "id": slot.header.id.hex() if slot.header else None,
                       "header": slot.header_state, "payload": slot.payload_state} for slot in found.slots]}


def run_closing(case: dict, shared: dict) -> dict:
    ids = [bytes.fromhex(one) for one in shared["items"]]
    if case["op"] == "root":
        return {"root": closing.root(ids[:case["count"]]).hex()}
    if case["op"] == "prove":
        return {"proof": b"".join(closing.prove(ids[:case["count"]], case["seq"])).hex()}
    if case["op"] == "check":
        fields = [bytes.fromhex(case[name]) for name in ("id", "root", "proof")]
        closing.check_proof(fields[0], case["seq"], case["count"], fields[1], fields[2])
        return {}
    channel = bytes.fromhex(case["channel"])
    if case["op"] == "fork-winner":
        a, b = (fork.verify(bytes.fromhex(case[side]), channel, keys(case)) for side in "ab")
        return {"winner": "a" if a.rank() < b.rank() else "b"}
    found = fork.verify(raw(case, "fork"), channel, keys(case))
    return {"log": found.a.log.hex(), "seq": found.a.seq}


def run_status(case: dict, shared: dict) -> dict:
    """Takes the objects in the case's order, then backwards, and demands the same statuses."""
    first = statuses(case, shared, 1)
    require(first == statuses(case, shared, -1), "bad-value", "the order of arrival matters")
    return {"statuses": first}


def statuses(case: dict, shared: dict, step: int) -> dict:
    chain = chain_of(case, shared)
    held = Held(chain)
    known = {entry.key for one in chain.charters for entry in one.delegates}
    for one in case["items"][::step]:
        key = bytes.fromhex(one["key"])
        found = header.verify(bytes.fromhex(one["header"]), known, chain.channel, key, one["incarnation"])
        log = held.log(found.log, key)
        log.headers[found.id] = found
        if one.get("payload") is not None:
            header.check_payload(found, bytes.fromhex(one["payload"]))
            held.payloads[found.id] = bytes.fromhex(one["payload"])
        if one.get("proof") is not None:
            log.proofs[found.id] = bytes.fromhex(one["proof"])
    for one in case["statements"][::step]:
        held.keep_statement(statement.verify(bytes.fromhex(one), chain.channel, known))
    for one in case["forks"][::step]:
        found = fork.verify(bytes.fromhex(one), chain.channel, known)
        log = held.log(found.a.log, found.key)
        log.headers.update({found.a.id: found.a, found.b.id: found.b})
    return {item.hex(): {"status": status, "reason": reason} for item, (status, reason) in sorted(held.statuses().items())}


def session_of(case: dict, shared: dict) -> live.Session:
    named = shared["sessions"][case["session"]]
    return live.Session(*(bytes.fromhex(named[name]) for name in ("channel", "stream", "key")), named["until"])


def run_live(case: dict, shared: dict) -> dict:
    if case["op"] == "opening":
        found = live.decode_opening(raw(case, "payload"))
        return {"stream": found.stream.hex(), "session": found.session.hex(), "until": found.until, "variants": variants_of(found.variants)}
    if case["op"] == "roll-up":
        found = live.decode_roll_up(raw(case, "payload"))
        return {"stream": found.stream.hex(), "first": found.first, "last": found.last,
                "ticks": [{"time": one.time, "segments": [part.name for part in one.segments]} for one in found.ticks],
                "chapters": chapters_of(found.chapters)}
    session = session_of(case, shared)
    if case["op"] == "tick":
        found = live.decode_tick(raw(case, "tick"))
        live.check_tick(found, session)
        return {"number": found.number, "time": found.time, "previous": found.previous.hex(), "hash": found.hash().hex(),
                "segments": segments_of(found)}
    if case["op"] == "edge":
        found = live.verify_edge(raw(case, "edge"), session)
        return {"ticks": [{"number": one.number, "hash": one.hash().hex()} for one in found.ticks]}
    if case["op"] == "edge-winner":
        a, b = (live.verify_edge(bytes.fromhex(case[side]), session) for side in "ab")
        return {"winner": "a" if a.rank() < b.rank() else "b"}
    return known_of(case, session)


def chapters_of(chapters: dict[int, str]) -> list[dict]:
    return [{"start": start, "title": title} for start, title in sorted(chapters.items())]


def segments_of(tick: live.Tick) -> list[dict]:
    return [{"name": one.name, "medium": "sound" if one.medium == live.SOUND else "picture", "height": one.height, "start": one.start,
             "duration": one.duration, "initialisation": one.initialisation.hex(), "initialisation_size": one.initialisation_size,
             "blob": one.blob.hex(), "size": one.size, "groups": len(one.groups), "class": one.travels()} for one in tick.segments]


def known_of(case: dict, session: live.Session) -> dict:
    """Puts together what is known of a broadcast."""
    known = live.Broadcast()
    for one in case["roll_ups"]:
        known.roll_up(live.decode_roll_up(bytes.fromhex(one)))
    if case["edge"] is not None:
        known.edge(live.verify_edge(bytes.fromhex(case["edge"]), session))
    return {"tracks": [{"name": one.name, "starts": [part.start for part in one.segments], "missing": one.holes()} for one in known.tracks],
            "chapters": chapters_of(known.chapters),
            "newest": {"number": known.newest.number, "time": known.newest.time} if known.newest else None,
            "ended": known.ended, "live": known.live(case["now"])}


def venue_of(case: dict, shared: dict) -> rooms.Venue:
    named = shared["venues"][case["venue"]]
    return rooms.Venue(bytes.fromhex(named["room"]), named["first_day"])


def run_room(case: dict, shared: dict) -> dict:
    if case["op"] == "opening":
        found = rooms.decode_opening(raw(case, "payload"))
        return {"language": found.language, "title": found.title, "rules": found.rules, "admission": found.admission,
                "notes": found.notes, "retention": found.retention, "under": found.under.hex() if any(found.under) else None}
    if case["op"] == "decisions":
        room, decisions = rooms.decode_decisions(raw(case, "payload"))
        return {"room": room.hex(), "decisions": [{name: hexed(value) for name, value in one.items()} for one in decisions]}
    venue = venue_of(case, shared)
    if case["op"] == "note":
        return note_of(verified(raw(case, "note"), venue))
    if case["op"] == "winner":
        a, b = (verified(bytes.fromhex(case[side]), venue) for side in "ab")
        require(a.place() == b.place(), "bad-value", "two places")
        return {"winner": "a" if rooms.stands(a, b) else "b"}
    notes = [verified(bytes.fromhex(one), venue) for one in case["notes"]]
    return {"order": [{"id": name.hex(), "shown": time} for time, name in rooms.in_order(notes)]}


def hexed(value):
    if isinstance(value, list):
        return [hexed(one) for one in value]
    return value.hex() if isinstance(value, bytes) else value


def verified(data: bytes, venue: rooms.Venue) -> rooms.Note:
    found = rooms.decode_note(data)
    rooms.check_note(found, venue)
    return found


def note_of(note: rooms.Note) -> dict:
    return {"id": note.id().hex(), "entry": note.entry().hex(), "writer": note.key.hex(), "day": note.day(),
            "what": ("words", "taken-back", "flag")[note.what], "slot": note.slot, "time": note.time,
            "parent": note.parent.hex() if any(note.parent) else None, "seen": note.seen.hex() if any(note.seen) else None,
            "seen_at": note.seen_at, "stamp": note.stamp, "ticket": note.ticket.hex() if note.ticket else None,
            "text": note.text, "pseudonym": note.pseudonym()}


def run_tree(case: dict, shared: dict) -> dict:
    found = tree.parse(case["path"])
    fields = {name: getattr(found, name) for name in ("channel", "log", "stream", "room", "sheaf", "blob", "number", "level", "index", "start_mib")}
    return {"kind": found.kind} | {name: value.hex() if isinstance(value, bytes) else value
                                   for name, value in fields.items() if value is not None}


def run_archive(case: dict, shared: dict) -> dict:
    found = archive.read(raw(case, "archive"))
    return {"objects": [{"path": path, "bytes": len(data), "hash": plain(data).hex()} for path, data in found.objects],
            "refused": [code for _, code in found.refused], "end": found.end}


def run_signature(case: dict, shared: dict) -> dict:
    key, message, signature = (bytes.fromhex(case[name]) for name in ("key", "message", "signature"))
    require(edwards.is_acceptable_key(key), "weak-key")
    # In the formats a signature is a field of 64 bytes.
    field = Reader(signature)
    field.take(64)
    field.end()
    require(edwards.verify(key, message, signature), "bad-signature")
    return {}


def content(start: int, size: int) -> bytes:
    """Returns bytes of the blob of all cases: byte i is i modulo 251."""
    return bytes((start + place) % 251 for place in range(size))


def run_outboard(case: dict, shared: dict) -> dict:
    size = case["size"]
    if case["op"] == "write":
        data = content(0, size)
        return {"blob": plain(data).hex(), "outboard": outboard.write(data).hex(),
                "groups": [one.hex() for one in outboard.write_groups(data)]}
    blob = bytes.fromhex(case["blob"])
    if case["op"] == "groups":
        outboard.check_groups(blob, size, [bytes.fromhex(one) for one in case["groups"]])
        return {}
    if case["op"] == "check":
        outboard.check(blob, size, bytes.fromhex(case["outboard"]))
        return {}
    data = bytearray(content(case["start"], case["length"]))
    for place in case["flipped"]:
        data[place - case["start"]] ^= 1
    return {"good": outboard.check_range(blob, size, bytes.fromhex(case["outboard"]), case["start"], bytes(data))}


def notes_of(ranges: list[list[int]]) -> list[bytes]:
    """Returns the IDs of numbered notes: a hash of the number."""
    return [plain(number.to_bytes(4, "little")) for start, end in ranges for number in range(start, end)]


def run_reconcile(case: dict, shared: dict) -> dict:
    salt, notes = bytes.fromhex(case["salt"]), notes_of(case["notes"])
    if case["op"] == "symbols":
        symbols = reconcile.encode(salt, notes, case["to"])[case["from"]:]
        return {"symbols": b"".join(one.bytes() for one in symbols).hex()}
    asker, is_done = reconcile.reconcile(salt, notes, raw(case, "symbols"))
    return {"done": is_done, "taken": len(asker.symbols),
            "theirs": sorted(short.to_bytes(8, "little").hex() for short in asker.theirs),
            "ours": sorted(asker.own[short].hex() for short in asker.ours)}


RUNNERS = {
    "address": run_address, "charter": run_charter, "header": run_header, "item": run_item, "statement": run_statement,
    "head": run_head, "pack": run_pack, "pack-lies": run_pack, "closing": run_closing, "status": run_status, "tree": run_tree,
    "archive": run_archive, "live": run_live, "live-chapters": run_live, "room": run_room,
    "signature": run_signature, "signature-random": run_signature, "signature-wycheproof": run_signature, "outboard": run_outboard,
    "batch": run_signature, "reconcile": run_reconcile,
}
