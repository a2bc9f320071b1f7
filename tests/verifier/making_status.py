"""Vectors of the status of items: sets of objects, and what they make of each item."""

from . import closing
from .book import Book
from .charter import EDIT, LIVE, POST
from .forge import HOUR_MS, JUNE_MS, Closed, Draft, Enrolled, Writer, article, fork, retraction, seed, statement
from .limits import DAY_MS
from .world import AIDA, BOLAT, CHOLPAN, DANIYAR, NEXT_ROOTS, ROOTS, commitment

TRIO = Draft(roots=ROOTS, next=commitment(2, NEXT_ROOTS),
             delegates=[Enrolled(AIDA, POST), Enrolled(BOLAT, POST | EDIT), Enrolled(CHOLPAN, POST),
                        Enrolled(DANIYAR, LIVE, not_after=JUNE_MS + HOUR_MS)])
CHANNEL_3 = TRIO.hash()
SHOWN, VOID, FORKED = ("shown", None), ("refused", "void-log"), ("disputed", "forked")
BEYOND, BRANCH, UNLINKED = ("refused", "beyond-closing"), ("refused", "other-branch"), ("unconfirmed", "not-linked-yet")
OUTSIDE, ROLE = ("unconfirmed", "outside-key-life"), ("refused", "wrong-role")
RETRACTED, CORRECTED = ("retracted", "retraction"), ("retracted", "correction")


def writer(signer, count: int = 0, incarnation: int = 7) -> Writer:
    log = Writer(CHANNEL_3, signer, incarnation)
    for _ in range(count):
        log.write()
    return log


def second(*closed: Closed, out=(), **changes) -> Draft:
    """Returns charter 2, without the keys in `out` and with some logs closed."""
    return TRIO.changed(number=2, channel=CHANNEL_3, founding=TRIO.own_founding(), closings=list(closed),
                        delegates=[entry for entry in TRIO.delegates if entry.signer not in out], **changes)


class Statuses(Book):
    """Collects cases; an item is stated as (writer, place, status) and held once."""

    def held(self, name: str, why: str, stated, charters=("trio",), statements=(), forks=(), proofs=None, bare=()) -> None:
        """Adds a case; `bare` holds the (writer, place) whose payload is missing, `proofs` maps item IDs to inclusion proofs."""
        items, expected = [], {}
        for log, place, status in stated:
            item = {"key": log.signer.key, "incarnation": log.incarnation, "header": log.datas[place]}
            if (log, place) not in bare:
                item["payload"] = log.payloads[place]
            if proofs and log.id(place) in proofs:
                item["proof"] = proofs[log.id(place)]
            items.append(item)
            expected[log.id(place).hex()] = {"status": status[0], "reason": status[1]}
        self.case(name, why, result={"statuses": dict(sorted(expected.items()))}, channel=CHANNEL_3, accepted=list(charters),
                  items=items, statements=list(statements), forks=list(forks))


def statuses() -> Book:
    log = writer(AIDA, 6)
    branch = log.branch(4)
    branch.write(b"another", kind=70)
    branch.write()
    charters = {
        "trio": TRIO, "void": second(out=[AIDA]), "closed": second(Closed(AIDA.key, 7, log.ids()[:4]), out=[AIDA]),
        "closed-stays": second(Closed(AIDA.key, 7, log.ids())), "closed-empty": second(Closed(AIDA.key, 7, []), out=[AIDA]),
        "closed-branch": second(Closed(AIDA.key, 7, branch.ids()), out=[AIDA]),
    }
    charters["reopened-wider"] = charters["closed"].changed(
        number=3, closings=[Closed(AIDA.key, 7, log.ids()[:5])])
    book = Statuses("status", "Sets of held objects, and the status of every item.",
                    charters={name: draft.bytes().hex() for name, draft in charters.items()})
    open_logs(book, log)
    closed_logs(book, log, branch)
    forked_logs(book, log, branch)
    checkpoints(book, log, branch)
    contradictions(book, log, branch)
    taken_back(book)
    caps(book)
    return book


def every(log: Writer, *statuses, start: int = 0):
    """States the statuses of consecutive items."""
    return [(log, start + place, status) for place, status in enumerate(statuses)]


def open_logs(book: Statuses, log: Writer) -> None:
    book.held("open", "an open log", every(log, *[SHOWN] * 6))
    book.held("open-hole", "neighbours may be missing", [(log, 0, SHOWN), (log, 3, SHOWN), (log, 5, SHOWN)])
    book.held("open-without-payload", "the payload is not asked for", [(log, 2, SHOWN)], bare=[(log, 2)])
    other = writer(CHOLPAN)
    other.write(kind=5)
    other.write(kind=200)
    other.write(retraction([seed("x")]), kind=4)
    book.held("wrong-role", "a poster cannot go live; an unknown kind asks no role; post suffices for a retraction",
              every(other, ROLE, SHOWN, SHOWN))
    live = writer(DANIYAR)
    live.write(kind=5, time=JUNE_MS - 1)
    live.write(kind=5, time=JUNE_MS)
    live.write(kind=5, time=JUNE_MS + HOUR_MS)
    live.write(kind=5, time=JUNE_MS + HOUR_MS + 1)
    live.write(kind=1, time=JUNE_MS + HOUR_MS + 1)
    book.held("key-life", "both ends of a key's life belong to it; the role is asked first", every(live, OUTSIDE, SHOWN, SHOWN, OUTSIDE, ROLE))
    book.held("second-incarnation", "a restored backup writes a log of its own", every(log, SHOWN, SHOWN) + every(writer(AIDA, 2, 8), SHOWN, SHOWN))


def closed_logs(book: Statuses, log: Writer, branch: Writer) -> None:
    late = log.branch(4)
    late.write(time=JUNE_MS + 1)
    backdated = writer(AIDA)
    backdated.write(b"backdated", kind=70, time=JUNE_MS - 99 * HOUR_MS)
    closed = ("trio", "closed")
    book.held("void", "the key was left out and no charter names its log", every(log, VOID, VOID), ("trio", "void"))
    book.held("void-incarnation", "a log of the left out key that the thief opened", every(log, SHOWN, SHOWN, SHOWN, SHOWN)
              + every(writer(AIDA, 2, 666), VOID, VOID), closed)
    book.held("closed", "four good items, the others lie beyond", every(log, SHOWN, SHOWN, SHOWN, SHOWN, BEYOND, BEYOND), closed)
    book.held("closed-backdated", "an older time in a later item gains nothing", [(late, 4, BEYOND), (log, 3, SHOWN)], closed)
    book.held("closed-rewritten", "a forged past has other IDs", [(backdated, 0, BRANCH)] + every(log, SHOWN, SHOWN, SHOWN, start=1), closed)
    book.held("closed-rewritten-alone", "nothing links yet", [(backdated, 0, UNLINKED)], closed)
    book.held("closed-tip-missing", "the tip is not held: nothing below is reached", every(log, UNLINKED, UNLINKED, UNLINKED), closed)
    book.held("closed-tip-only", "the walk knows what the tip names", [(log, 3, SHOWN), (log, 2, SHOWN), (log, 0, UNLINKED)], closed)
    other = log.branch(3)
    other.write(b"another tip", kind=70)
    book.held("closed-other-tip", "the tip's ID is known though it is not held", [(other, 3, BRANCH), (log, 2, UNLINKED)], closed)
    book.held("closed-empty", "nothing of the log is good", every(log, BEYOND, BEYOND), ("trio", "closed-empty"))
    book.held("closed-key-stays", "the key goes on in another log", every(log, *[SHOWN] * 6) + every(writer(AIDA, 1, 8), SHOWN),
              ("trio", "closed-stays"))
    book.held("closed-branch", "the charter decides a fork", every(log, SHOWN, SHOWN, SHOWN, SHOWN, BRANCH, BRANCH)
              + every(branch, SHOWN, SHOWN, start=4), ("trio", "closed-branch"))
    book.held("closed-later-holds", "of two closings the later one", every(log, SHOWN, SHOWN, SHOWN, SHOWN, SHOWN, BEYOND),
              ("trio", "closed", "reopened-wider"))
    early = writer(AIDA)
    early.write(kind=5)
    book.held("closed-wrong-role", "the role is asked first", [(early, 0, ROLE)], closed)
    prove = lambda seq, ids=log.ids()[:4]: b"".join(closing.prove(ids, seq))
    book.held("proof", "an inclusion proof links an item without its neighbours", [(log, 1, SHOWN)], closed, proofs={log.id(1): prove(1)})
    book.held("proof-walks", "from a proven item the walk goes down", every(log, SHOWN, SHOWN, SHOWN), closed, proofs={log.id(2): prove(2)})
    book.held("proof-other", "a wrong proof is no proof", [(log, 1, UNLINKED)], closed, proofs={log.id(1): prove(2)})
    book.held("proof-against-other", "another item where a proven one stands", [(backdated, 0, BRANCH), (log, 0, SHOWN)], closed,
              proofs={log.id(0): prove(0)})


def proof_of(log: Writer, one: Writer, place: int, other: Writer, other_place: int) -> bytes:
    a, b = sorted(((one, place), (other, other_place)), key=lambda pair: pair[0].id(pair[1]))
    return fork(log, a[0].datas[a[1]], b[0].datas[b[1]])


def forked_logs(book: Statuses, log: Writer, branch: Writer) -> None:
    four = every(log, SHOWN, SHOWN, SHOWN, SHOWN)
    book.held("forked", "from the first seq with two branches on", four + every(log, FORKED, FORKED, start=4)
              + every(branch, FORKED, FORKED, start=4))
    book.held("forked-first-missing", "the branches begin where two IDs are known, held or named",
              four + [(log, 5, FORKED), (branch, 5, FORKED)])
    book.held("forked-gap", "neither branch is known to begin below", [(log, 0, SHOWN), (log, 4, FORKED), (branch, 4, FORKED)])
    second_form = fork(log, log.datas[4], branch.datas[5])
    stated = four + [(log, 4, FORKED), (log, 5, FORKED), (branch, 5, FORKED)]
    book.held("fork-proof", "the headers of a proof are held by it", stated, forks=[second_form])
    book.held("fork-proof-same-seq", "the other form", four + [(log, 4, FORKED), (log, 5, FORKED), (branch, 4, FORKED)],
              forks=[proof_of(log, log, 4, branch, 4)])
    other = writer(BOLAT, 2)
    book.held("forked-alone", "a fork harms no other log", every(other, SHOWN, SHOWN) + [(log, 4, FORKED), (branch, 4, FORKED)])


def cites(by: Writer, log: Writer, place: int, counter: int = 1) -> bytes:
    return statement(by, counter, cites=[(log.log(), place, log.id(place))])


def checkpoints(book: Statuses, log: Writer, branch: Writer) -> None:
    bolat_log, cholpan_log = writer(BOLAT, 1), writer(CHOLPAN, 1)
    four = every(log, SHOWN, SHOWN, SHOWN, SHOWN)
    won = four + every(log, SHOWN, SHOWN, start=4) + every(branch, BRANCH, BRANCH, start=4)
    book.held("checkpoint", "the other branch dies alone", won, statements=[cites(bolat_log, log, 4)])
    book.held("checkpoint-above", "the walk goes down from the checkpoint", won, statements=[cites(bolat_log, log, 5)])
    book.held("checkpoint-twice", "two delegates saw the same", won, statements=[cites(bolat_log, log, 5), cites(cholpan_log, log, 4)])
    book.held("checkpoint-below", "it says nothing about what came after", four + every(log, FORKED, FORKED, start=4)
              + every(branch, FORKED, FORKED, start=4), statements=[cites(bolat_log, log, 3)])
    book.held("checkpoint-not-held", "the cited item is missing: the other is refused all the same", four + [(branch, 4, BRANCH), (branch, 5, BRANCH)]
              + [(log, 5, SHOWN)], statements=[cites(bolat_log, log, 4)])
    book.held("checkpoint-built-on-missing", "built on an item that stands beside the checkpoint and is not held",
              [(log, 4, SHOWN), (branch, 5, BRANCH)], statements=[cites(bolat_log, log, 4)])
    own = [four, every(log, FORKED, FORKED, start=4), every(branch, FORKED, FORKED, start=4)]
    disputed = own[0] + own[1] + own[2]
    book.held("checkpoint-by-same-key", "another incarnation of the same key vouches for nothing", disputed,
              statements=[cites(writer(AIDA, 1, 8), log, 4)])
    book.held("checkpoint-silence", "a newer statement that cites other logs takes nothing back", won,
              statements=[cites(bolat_log, log, 4), statement(bolat_log, 2), cites(bolat_log, cholpan_log, 0, 3)])
    book.held("checkpoint-replaced", "of two statements that cite the log the newer one counts", four + every(log, BRANCH, BRANCH, start=4)
              + every(branch, SHOWN, SHOWN, start=4), statements=[cites(bolat_log, log, 4), cites(bolat_log, branch, 4, 2), statement(bolat_log, 3)])
    book.held("checkpoint-second-log", "another log of the same voucher speaks for itself", disputed,
              statements=[cites(bolat_log, log, 4), cites(writer(BOLAT, 1, 8), branch, 4, 2)])
    deeper = log.branch(6)
    deeper.write()
    deeper.write()
    twig = deeper.branch(7)
    twig.write(b"twig", kind=70)
    book.held("forked-above-checkpoint", "a second fork above the checkpoint", won + [(deeper, 6, SHOWN), (deeper, 7, FORKED), (twig, 7, FORKED)],
              statements=[cites(bolat_log, log, 5)])
    book.held("forked-below-checkpoint", "the walk breaks off above the fork: disputed up to the checkpoint, not above it",
              [(log, 3, SHOWN), (log, 4, FORKED), (branch, 4, FORKED), (deeper, 7, SHOWN)], statements=[cites(bolat_log, deeper, 6)])


def contradictions(book: Statuses, log: Writer, branch: Writer) -> None:
    bolat_log, cholpan_log = writer(BOLAT, 1), writer(CHOLPAN, 1)
    disputed = (every(log, SHOWN, SHOWN, SHOWN, SHOWN) + every(log, FORKED, FORKED, start=4) + every(branch, FORKED, FORKED, start=4))
    book.held("contradiction", "two that contradict each other do not count", disputed,
              statements=[cites(bolat_log, log, 4), cites(cholpan_log, branch, 4)])
    book.held("contradiction-by-walk", "one lies on another branch than the other", disputed,
              statements=[cites(bolat_log, log, 5), cites(cholpan_log, branch, 4)])
    third = writer(DANIYAR)
    book.held("contradiction-spares-lower", "a third one on the common part still counts", disputed,
              statements=[cites(bolat_log, log, 5), cites(cholpan_log, branch, 5), cites(third, log, 2)])


def taken_back(book: Statuses) -> None:
    aidas, bolats, cholpans = writer(AIDA, 2), writer(BOLAT, 1), writer(CHOLPAN, 2)
    own = aidas.branch(2)
    own.write(retraction([aidas.id(0)]), kind=4)
    book.held("retracted", "by its own log", every(own, RETRACTED, SHOWN, SHOWN))
    book.held("retraction-without-payload", "what it names is not known yet", every(own, SHOWN, SHOWN, SHOWN), bare=[(own, 2)])
    others = aidas.branch(2)
    others.write(retraction([cholpans.id(0)]), kind=4)
    book.held("retraction-without-edit", "items of others only with the role edit", every(others, SHOWN, SHOWN, SHOWN) + [(cholpans, 0, SHOWN)])
    second_log = writer(AIDA, 0, 8)
    second_log.write(retraction([aidas.id(0)]), kind=4)
    book.held("retraction-other-incarnation", "another log of the same key is another log", every(aidas, SHOWN) + every(second_log, SHOWN))
    editor = bolats.branch(1)
    editor.write(retraction([aidas.id(0), cholpans.id(1)]), kind=4)
    book.held("retracted-by-editor", "with the role edit", every(aidas, RETRACTED, SHOWN) + every(cholpans, SHOWN, RETRACTED) + every(editor, SHOWN, SHOWN))
    fixed = aidas.branch(2)
    fixed.write(article("Item 0, corrected", corrects=aidas.id(0)))
    book.held("corrected", "by its own log", every(fixed, CORRECTED, SHOWN, SHOWN))
    fixed.write(article("Item 0, corrected again", corrects=fixed.id(2)))
    book.held("corrected-twice", "what a correction replaced does not come back", every(fixed, CORRECTED, SHOWN, CORRECTED, SHOWN))
    both = fixed.branch(3)
    both.write(retraction([aidas.id(0)]), kind=4)
    book.held("corrected-and-retracted", "a retraction says more", every(both, RETRACTED, SHOWN, SHOWN, SHOWN))
    foreign = aidas.branch(2)
    foreign.write(article("Correct?", corrects=cholpans.id(0)))
    book.held("correction-without-edit", "items of others only with the role edit", every(foreign, SHOWN, SHOWN, SHOWN) + [(cholpans, 0, SHOWN)])
    undone = own.branch(3)
    undone.write(retraction([own.id(2)]), kind=4)
    book.held("retraction-retracted", "what is taken back stays taken back", every(undone, RETRACTED, SHOWN, RETRACTED, SHOWN))
    closed_log = writer(AIDA, 6)
    tail = closed_log.branch(4)
    tail.write(retraction([closed_log.id(0)]), kind=4)
    book.held("retraction-beyond-closing", "a closed log's retractions beyond its end lose force", every(tail, SHOWN, SHOWN, SHOWN, SHOWN, BEYOND),
              ("trio", "closed"))
    one, two = closed_log.branch(4), closed_log.branch(4)
    one.write(retraction([closed_log.id(0)]), kind=4)
    two.write()
    book.held("retraction-disputed", "a disputed retraction does not count", every(one, SHOWN, SHOWN, SHOWN, SHOWN, FORKED) + [(two, 4, FORKED)])
    eraser = bolats.branch(1)
    eraser.write(retraction([two.id(4)]), kind=4)
    book.held("disputed-retracted", "a disputed item can be retracted", [(closed_log, 4, FORKED), (two, 4, RETRACTED)] + every(eraser, SHOWN, SHOWN))
    refused = bolats.branch(1)
    refused.write(retraction([closed_log.id(5), closed_log.id(1)]), kind=4)
    book.held("refused-retracted", "refused stays refused, unconfirmed stays unconfirmed",
              [(closed_log, 5, BEYOND), (closed_log, 1, UNLINKED)] + every(refused, SHOWN, SHOWN), ("trio", "closed"))
    broken = bolats.branch(1)
    broken.write(retraction([aidas.id(0)]) + b"\0", kind=4)
    book.held("retraction-malformed", "a payload that does not decode names nothing", every(aidas, SHOWN) + every(broken, SHOWN, SHOWN))


def caps(book: Statuses) -> None:
    """The first 64 targets of a log and day count."""
    aidas = writer(AIDA, 2)
    dummies = sorted(seed(f"dummy {number}") for number in range(64))
    log = writer(BOLAT)
    log.write(retraction(dummies), kind=4, time=JUNE_MS + HOUR_MS)
    log.write(retraction([aidas.id(0)]), kind=4, time=JUNE_MS + 2 * HOUR_MS)
    log.write(retraction([aidas.id(1)]), kind=4, time=JUNE_MS + DAY_MS)
    book.held("cap", "the 65th of a day does not count, the first of the next day does; targets count though they are not held",
              every(aidas, SHOWN, RETRACTED) + every(log, SHOWN, SHOWN, SHOWN))
    book.held("cap-first-missing", "what is not held does not use up the day", every(aidas, RETRACTED, RETRACTED) + every(log, SHOWN, SHOWN, start=1))
    turned = writer(BOLAT)
    turned.write(retraction([aidas.id(0)]), kind=4, time=JUNE_MS + 3 * HOUR_MS)
    turned.write(retraction(dummies), kind=4, time=JUNE_MS + HOUR_MS)
    book.held("cap-by-seq", "the order is that of seq, not of time", every(aidas, RETRACTED, SHOWN) + every(turned, SHOWN, SHOWN))
    mixed = writer(BOLAT)
    mixed.write(retraction(dummies), kind=4, time=JUNE_MS)
    mixed.write(article("Corrected", corrects=aidas.id(0)), time=JUNE_MS + 1)
    book.held("cap-correction", "a correction names one item and counts like a retraction of it", every(aidas, SHOWN, SHOWN) + every(mixed, SHOWN, SHOWN))
    aida_id = aidas.id(0)
    above = [seed(f"above {number}") for number in range(500)]
    larger = sorted(one for one in above if one > aida_id)[:63]
    smaller = sorted(one for one in above if one < aida_id)[:63]
    inside = writer(BOLAT)
    inside.write(retraction([seed("one more")]), kind=4)
    inside.write(retraction([aida_id, *larger]), kind=4)
    last = writer(BOLAT)
    last.write(retraction([seed("one more")]), kind=4)
    last.write(retraction([aida_id, *smaller]), kind=4)
    book.held("cap-within", "the cap falls within a retraction, behind its first target", [(aidas, 0, RETRACTED)] + every(inside, SHOWN, SHOWN))
    book.held("cap-within-last", "the cap falls within a retraction, before its last target", [(aidas, 0, SHOWN)] + every(last, SHOWN, SHOWN))
