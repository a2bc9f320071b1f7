"""The status of every item, a function of the objects held (docs/spec/closing.md, "Status of an item")."""

from dataclasses import dataclass, field

from . import closing, items
from .charter import EDIT, Chain, Closing
from .header import ARTICLE_KINDS, KINDS, RETRACTION_KIND, Header
from .limits import DAY_MS, RETRACTION_TARGETS_MAX
from .refusal import Refused
from .statement import Citation, Statement

SHOWN, UNCONFIRMED, DISPUTED, RETRACTED, REFUSED = "shown", "unconfirmed", "disputed", "retracted", "refused"

Status = tuple[str, str | None]


@dataclass
class Log:
    """What is held of one log; headers that only a fork proof brought are held too."""

    id: bytes
    key: bytes
    headers: dict[bytes, Header] = field(default_factory=dict)
    proofs: dict[bytes, bytes] = field(default_factory=dict)

    def known(self) -> set[tuple[int, bytes]]:
        """Returns every (seq, ID) that is known: of held items, and of those that they name as `previous`."""
        pairs = {(header.seq, header.id) for header in self.headers.values()}
        return pairs | {(header.seq - 1, header.previous) for header in self.headers.values() if header.seq > 0}

    def walk(self, seq: int, item: bytes) -> dict[int, bytes]:
        """Returns the IDs by seq from one item downwards, as far as items are held; the last one need not be."""
        path = {seq: item}
        while item in self.headers and seq > 0:
            seq, item = seq - 1, self.headers[item].previous
            path[seq] = item
        return path


@dataclass
class Held:
    """All verified objects of one channel."""

    chain: Chain
    logs: dict[bytes, Log] = field(default_factory=dict)
    payloads: dict[bytes, bytes] = field(default_factory=dict)
    statements: dict[bytes, Statement] = field(default_factory=dict)
    # Of each pair (log that speaks, log that it cites) the newest statement with such a citation.
    words: dict[tuple[bytes, bytes], Statement] = field(default_factory=dict)

    def log(self, log: bytes, key: bytes) -> Log:
        return self.logs.setdefault(log, Log(log, key))

    def keep_statement(self, statement: Statement) -> None:
        own = statement.log(self.chain.channel)
        if own not in self.statements or statement.rank() > self.statements[own].rank():
            self.statements[own] = statement
        for citation in statement.citations:
            pair = own, citation.log
            if pair not in self.words or statement.rank() > self.words[pair].rank():
                self.words[pair] = statement

    def is_open(self, log: bytes, key: bytes) -> bool:
        return self.chain.closing(log) is None and self.chain.charters[-1].delegate(key) is not None

    def statuses(self) -> dict[bytes, Status]:
        """Returns status and reason of every item held."""
        result: dict[bytes, Status] = {}
        for log in self.logs.values():
            result.update(self.statuses_of_log(log))
        return self.take_back(result)

    def statuses_of_log(self, log: Log) -> dict[bytes, Status]:
        result: dict[bytes, Status] = {}
        entry = self.chain.newest_entry(log.key)
        end = self.chain.closing(log.id)
        if end is not None:
            branches = closed_branches(log, end)
        elif self.is_open(log.id, log.key):
            branches = open_branches(log, self.checkpoints(log))
        for header in log.headers.values():
            if header.kind in KINDS and not KINDS[header.kind][0] & entry.roles:
                status = (REFUSED, "wrong-role")
            elif end is None and not self.is_open(log.id, log.key):
                status = (REFUSED, "void-log")
            elif end is None and not entry.lives_at(header.time):
                status = (UNCONFIRMED, "outside-key-life")
            else:
                status = branches[header.id]
            result[header.id] = status
        return result

    def checkpoints(self, log: Log) -> list[Citation]:
        """Returns what other delegates of the newest charter, in the newest statement of each open log that cites this log, cite of it."""
        found = []
        for (own, cited), statement in self.words.items():
            if cited == log.id and statement.key != log.key and self.is_open(own, statement.key):
                found += [citation for citation in statement.citations if citation.log == log.id]
        return found

    def take_back(self, result: dict[bytes, Status]) -> dict[bytes, Status]:
        """Applies retractions and corrections; one counts if rules 1 to 6 show it, even if it is taken back itself."""
        where = {item: log for log in self.logs.values() for item in log.headers}
        reasons: dict[bytes, set[str]] = {}
        for log in self.logs.values():
            may_edit = self.chain.newest_entry(log.key).roles & EDIT
            shown = [header for item, header in log.headers.items() if result[item][0] == SHOWN]
            used: dict[int, int] = {}
            for header in sorted(shown, key=lambda header: header.seq):
                day = header.time // DAY_MS
                for target, reason in self.named_by(header):
                    used[day] = used.get(day, 0) + 1
                    if used[day] > RETRACTION_TARGETS_MAX or target not in where:
                        continue
                    if where[target] is log or may_edit:
                        reasons.setdefault(target, set()).add(reason)
        final = dict(result)
        for target, why in reasons.items():
            if result[target][0] in (SHOWN, DISPUTED):
                final[target] = (RETRACTED, "retraction" if "retraction" in why else "correction")
        return final

    def named_by(self, header: Header) -> list[tuple[bytes, str]]:
        payload = self.payloads.get(header.id)
        if payload is None:
            return []
        try:
            if header.kind == RETRACTION_KIND:
                return [(target, "retraction") for target in items.decode_retraction(payload).targets]
            if header.kind in ARTICLE_KINDS:
                corrects = items.decode_article(payload, header.kind).corrects
                return [] if corrects is None else [(corrects, "correction")]
        except Refused:
            pass
        return []


def closed_branches(log: Log, end: Closing) -> dict[bytes, Status]:
    """Applies rule 3."""
    walks = [log.walk(end.items - 1, end.tip)] if end.items else []
    for item, proof in sorted(log.proofs.items(), key=lambda pair: -log.headers[pair[0]].seq if pair[0] in log.headers else 0):
        if item not in log.headers or any(log.headers[item].seq in walk for walk in walks):
            continue
        try:
            closing.check_proof(item, log.headers[item].seq, end.items, end.root, proof)
        except Refused:
            continue
        walks.append(log.walk(log.headers[item].seq, item))
    result: dict[bytes, Status] = {}
    for item, header in log.headers.items():
        if header.seq >= end.items:
            result[item] = (REFUSED, "beyond-closing")
        elif any(walk.get(header.seq) == item for walk in walks):
            result[item] = (SHOWN, None)
        elif any(header.seq in walk for walk in walks):
            result[item] = (REFUSED, "other-branch")
        else:
            result[item] = (UNCONFIRMED, "not-linked-yet")
    return result


def is_forked(log: Log) -> bool:
    """Tells whether a fork proof exists or could be made from what is held."""
    seqs = [seq for seq, _ in log.known()]
    return len(seqs) != len(set(seqs))


def open_branches(log: Log, citations: list[Citation]) -> dict[bytes, Status]:
    """Applies rules 5 and 6."""
    if not is_forked(log):
        return {item: (SHOWN, None) for item in log.headers}
    checkpoints = counting_checkpoints(log, citations)
    walks = [walk for _, walk in checkpoints]
    dead = dead_branches(log, walks)
    highest = max((seq for seq, _ in checkpoints), default=-1)
    live: dict[int, set[bytes]] = {}
    for seq, item in log.known() - dead:
        live.setdefault(seq, set()).add(item)
    split = sorted(seq for seq, there in live.items() if len(there) > 1)
    above = next((seq for seq in split if seq > highest), None)
    below = next((seq for seq in split if seq <= highest), None)
    result: dict[bytes, Status] = {}
    for item, header in log.headers.items():
        first = above if header.seq > highest else below
        if any(agrees(walk, header.seq, item) for walk in walks):
            result[item] = (SHOWN, None)
        elif (header.seq, item) in dead:
            result[item] = (REFUSED, "other-branch")
        elif first is not None and header.seq >= first:
            result[item] = (DISPUTED, "forked")
        else:
            result[item] = (SHOWN, None)
    return result


def agrees(walk: dict[int, bytes], seq: int, item: bytes) -> bool:
    """Tells whether an item is on a walk, whose start may be known by its first 16 bytes only."""
    return seq in walk and item.startswith(walk[seq])


def counting_checkpoints(log: Log, citations: list[Citation]) -> list[tuple[int, dict[int, bytes]]]:
    """Returns seq and walk of each checkpoint that no other one contradicts."""
    starts = {(citation.seq, citation.prefix) for citation in citations}
    walks = []
    for seq, prefix in starts:
        item = next((item for at, item in log.known() if at == seq and item.startswith(prefix)), prefix)
        walks.append((seq, prefix, log.walk(seq, item)))
    contradicted = set()
    for seq, prefix, walk in walks:
        for other_seq, other_prefix in starts:
            if other_seq in walk and not walk[other_seq].startswith(other_prefix):
                contradicted |= {(seq, prefix), (other_seq, other_prefix)}
    return [(seq, walk) for seq, prefix, walk in walks if (seq, prefix) not in contradicted]


def dead_branches(log: Log, walks: list[dict[int, bytes]]) -> set[tuple[int, bytes]]:
    """Returns every known (seq, ID) that stands beside a walk, and what is built on one."""
    known = log.known()
    dead = {(seq, item) for seq, item in known for walk in walks if seq in walk and not agrees(walk, seq, item)}
    for header in sorted(log.headers.values(), key=lambda header: header.seq):
        if (header.seq - 1, header.previous) in dead:
            dead.add((header.seq, header.id))
    return {pair for pair in dead if not any(agrees(walk, *pair) for walk in walks)}
