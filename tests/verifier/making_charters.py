"""Vectors of charters and their chains."""

from .book import Book
from .charter import DESK, EDIT, LIVE, POST, enrolment_message, signature_message
from .edwards import SMALL_ORDER
from .forge import JUNE_MS, Closed, Enrolled, Signer, seed, u
from .world import (AIDA, BOLAT, CHANNEL, CHOLPAN, DANIYAR, FIRST, FOUNDING, LATER_ROOTS, NEXT_ROOTS, ROOTS, SECOND, STRANGER,
                    THIRD_LEAVES_AIDA_OUT, aida, commitment, flipped)

ROTATED = SECOND.changed(roots=NEXT_ROOTS, next=commitment(2, LATER_ROOTS), signers=NEXT_ROOTS[:2] + ROOTS[1:])
WEAK = sorted(SMALL_ORDER)


class Weak:
    """A key of small order in the place of a signer."""

    def __init__(self, key: bytes):
        self.key = key

    def sign(self, data: bytes) -> bytes:
        return self.key + bytes(32)


def charters() -> Book:
    shared = {"first": FIRST.bytes(), "second": SECOND.bytes(), "third": THIRD_LEAVES_AIDA_OUT.bytes(), "rotated": ROTATED.bytes(),
              "second-rival": SECOND.changed(name="Rival").bytes()}
    book = Book("charter", "A candidate against the accepted charters before it.",
                charters={name: data.hex() for name, data in shared.items()})
    firsts(book)
    malformed(book)
    malformed_delegates(book)
    signatures(book)
    successors(book)
    successions_of_delegates(book)
    closings(book)
    return book


def alone(book: Book, name: str, why: str, expect: str, draft, **more) -> None:
    """Adds a charter 1 that is pinned by its own hash."""
    data = draft if isinstance(draft, bytes) else draft.bytes()
    channel = more.pop("channel", CHANNEL if isinstance(draft, bytes) else draft.hash())
    book.case(name, why, expect, channel=channel, accepted=[], charter=data, **more)


def after(book: Book, name: str, why: str, expect: str, draft, accepted=("first",)) -> None:
    data = draft if isinstance(draft, bytes) else draft.bytes()
    book.case(name, why, expect, channel=CHANNEL, accepted=list(accepted), charter=data)


def firsts(book: Book) -> None:
    alone(book, "first", "two delegates, 2 of 3 roots, all three signed", "accepted", FIRST)
    alone(book, "first-two-signers", "k signers suffice, and the hash leaves signatures out", "accepted",
          FIRST.changed(signers=ROOTS[:2]), channel=CHANNEL)
    alone(book, "first-no-delegates", "a charter may have no delegates yet", "accepted", FIRST.changed(delegates=[]))
    alone(book, "first-one-root", "1 of 1", "accepted", FIRST.changed(roots=ROOTS[:1], threshold=1))
    many = [Signer(f"many {number}") for number in range(16)]
    alone(book, "first-sixteen-roots", "ROOTS_MAX roots, all needed", "accepted", FIRST.changed(roots=many, threshold=16))
    alone(book, "first-name-128", "a name of NAME_BYTES_MAX bytes", "accepted", FIRST.changed(name="ң" * 64))
    alone(book, "first-odd-tlv", "an unknown odd extension is ignored", "accepted",
          FIRST.changed(tlv=u(2, 7) + u(2, 0x8001) + u(2, 3) + b"abc"))
    alone(book, "first-desk-live", "desk goes with live and moderate", "accepted",
          FIRST.changed(delegates=[Enrolled(AIDA, DESK | LIVE)]))
    alone(book, "first-not-after", "a key with an end", "accepted",
          FIRST.changed(delegates=[Enrolled(AIDA, not_after=JUNE_MS + 1)]))
    alone(book, "first-other-pin", "the reader pinned another channel", "wrong-channel", FIRST, channel=seed("other channel"))
    alone(book, "second-before-first", "a charter that comes too early waits", "out-of-sequence", SECOND, channel=CHANNEL)


def malformed(book: Book) -> None:
    good = FIRST.bytes()
    alone(book, "empty", "no bytes", "truncated", b"")
    alone(book, "cut-in-magic", "two bytes", "truncated", good[:2])
    alone(book, "cut-in-body", "cut in the delegates", "truncated", good[:400])
    alone(book, "cut-in-signature", "the last byte is missing", "truncated", good[:-1])
    alone(book, "trailing", "a byte behind the last signature", "trailing-bytes", good + b"\0")
    alone(book, "larger-than-any", "65,537 bytes", "too-long", good, zeros=65_537 - len(good))
    alone(book, "magic", "the magic of a head", "bad-magic", FIRST.changed(magic=b"LEH"))
    alone(book, "version-2", "a newer version", "newer-version", FIRST.changed(version=2))
    alone(book, "version-0", "any version but 1", "newer-version", FIRST.changed(version=0))
    alone(book, "number-0", "numbers begin at 1", "bad-value", FIRST.changed(number=0))
    alone(book, "origin-1-in-first", "charter 1 has origin 0", "bad-value", FIRST.changed(origin=1))
    alone(book, "origin-2", "no such origin", "bad-value", FIRST.changed(origin=2))
    alone(book, "time-2-53", "times are below 2⁵³", "bad-value", FIRST.changed(time=2**53))
    alone(book, "name-empty", "a name has at least one byte", "bad-value", FIRST.changed(name=""))
    alone(book, "name-129", "a name of 129 bytes", "too-long", FIRST.changed(name="n" * 129))
    alone(book, "name-2-32", "a length of 2³² − 1 is refused before it is looked for", "too-long", good[:53] + b"\xff" * 4)
    alone(book, "name-not-utf8", "half a letter", "not-utf8", FIRST.changed(name=b"Newsroom \xd2"))
    alone(book, "name-surrogate", "a surrogate is no UTF-8", "not-utf8", FIRST.changed(name=b"\xed\xa0\x80"))
    alone(book, "name-overlong", "an overlong encoding is no UTF-8", "not-utf8", FIRST.changed(name=b"\xc1\x81"))
    alone(book, "threshold-0", "nobody would have to sign", "bad-value", FIRST.changed(threshold=0))
    alone(book, "threshold-above", "4 of 3", "bad-value", FIRST.changed(threshold=4))
    alone(book, "roots-17", "17 roots", "too-many", FIRST.changed(root_count=17))
    alone(book, "roots-0", "no roots", "bad-value", FIRST.changed(roots=[], threshold=1, signers=ROOTS))
    alone(book, "roots-descend", "roots do not ascend", "not-canonical",
          FIRST.changed(roots=sorted(ROOTS, key=lambda root: root.key, reverse=True), sort_roots=False))
    alone(book, "root-twice", "one root twice would sign twice", "not-canonical", FIRST.changed(roots=ROOTS + ROOTS[:1]))
    for number, place in enumerate((0, 1, 2, 5)):
        alone(book, f"root-small-order-{number}", "a root of small order signs anything", "weak-key",
              FIRST.changed(roots=ROOTS + [Weak(WEAK[place])], signers=ROOTS))
    alone(book, "root-no-point", "32 bytes that are no point of the curve", "weak-key",
          FIRST.changed(roots=ROOTS + [Weak(u(32, 2))], signers=ROOTS))
    alone(book, "root-not-reduced", "the point y = 3 written as 3 + p: one encoding only", "weak-key",
          FIRST.changed(roots=ROOTS + [Weak(u(32, 2**255 - 19 + 3))], signers=ROOTS))
    alone(book, "closings-in-first", "charter 1 closes nothing", "bad-value", FIRST.changed(closings=[Closed(AIDA.key, 7, [])]))
    alone(book, "stewards", "room kept: the count of stewards is 0", "bad-value", FIRST.changed(stewards=b"\0\1"))
    alone(book, "steward-threshold", "room kept: the threshold is 0", "bad-value", FIRST.changed(stewards=b"\1\0"))
    alone(book, "even-tlv", "an unknown even extension", "unknown-tlv", FIRST.changed(tlv=u(2, 4) + u(2, 2) + u(2, 0)))
    alone(book, "tlv-descends", "types ascend", "not-canonical",
          FIRST.changed(tlv=u(2, 8) + u(2, 3) + u(2, 0) + u(2, 1) + u(2, 0)))
    alone(book, "tlv-overruns", "a value reaches beyond its block", "truncated", FIRST.changed(tlv=u(2, 5) + u(2, 3) + u(2, 2) + b"a"))
    alone(book, "tlv-1025", "a block of 1,025 bytes", "too-long", FIRST.changed(tlv=u(2, 1025)))


def malformed_delegates(book: Book) -> None:
    def one(name: str, why: str, expect: str, *entries: Enrolled, **changes) -> None:
        alone(book, name, why, expect, FIRST.changed(delegates=list(entries), **changes))

    one("delegates-65", "65 delegates", "too-many", delegate_count=65)
    one("delegate-twice", "one key twice", "not-canonical", Enrolled(AIDA), Enrolled(AIDA, LIVE))
    one("delegates-descend", "keys do not ascend", "not-canonical",
        *sorted((Enrolled(AIDA), Enrolled(BOLAT)), key=lambda entry: entry.signer.key, reverse=True), sort_delegates=False)
    one("delegate-small-order", "the neutral element as a delegate", "weak-key", Enrolled(Weak(u(32, 1))))
    one("roles-0", "a delegate without a role", "bad-value", Enrolled(AIDA, 0))
    one("roles-32", "an unknown role", "bad-value", Enrolled(AIDA, 32 | POST))
    one("desk-and-post", "the desk never publishes", "bad-value", Enrolled(AIDA, DESK | POST))
    one("desk-and-edit", "the desk never edits", "bad-value", Enrolled(AIDA, DESK | EDIT))
    one("region-17", "a region of 17 bytes", "too-long", Enrolled(AIDA, region="R" * 17))
    one("label-65", "a label of 65 bytes", "too-long", Enrolled(AIDA, label="L" * 65))
    one("not-after-first", "the end lies before the beginning", "bad-value", Enrolled(AIDA, not_after=JUNE_MS - 1))
    one("not-after-equal", "a life of no length", "bad-value", Enrolled(AIDA, not_after=JUNE_MS))
    one("enrolment-by-other", "somebody else signed the enrolment", "bad-enrolment",
        Enrolled(AIDA, enrolment=STRANGER.sign(enrolment_message(FIRST.changed(delegates=[]).own_founding(), AIDA.key, POST, ""))))
    one("enrolment-elsewhere", "an enrolment of another channel", "bad-enrolment", Enrolled(AIDA, founding=seed("other founding")))
    wider = enrolment_message(FOUNDING, AIDA.key, POST, "")
    one("enrolment-other-roles", "enrolled as post, listed as post and edit", "bad-enrolment",
        Enrolled(AIDA, POST | EDIT, enrolment=AIDA.sign(wider)))
    one("enrolment-other-region", "enrolled for everywhere, listed for one region", "bad-enrolment",
        Enrolled(AIDA, region="KZ-75", enrolment=AIDA.sign(wider)))


def signatures(book: Book) -> None:
    asked = signature_message(CHANNEL, CHANNEL)
    good = [(root.key, root.sign(asked)) for root in ROOTS]
    body = FIRST.body()

    def signed(name: str, why: str, expect: str, pairs, **changes) -> None:
        alone(book, name, why, expect, body + FIRST.changed(**changes).signatures(pairs))

    signed("one-signer", "1 of the 2 needed", "below-threshold", good[:1])
    signed("no-signer", "no signatures at all", "bad-value", [])
    signed("signatures-33", "33 signatures", "too-many", good, signature_count=33)
    signed("signer-twice", "one root signs twice", "not-canonical", [good[0], good[0]])
    signed("signers-descend", "signatures do not ascend", "not-canonical", sorted(good, reverse=True), sort_signatures=False)
    signed("one-bad-signature", "two good signatures do not heal a bad one", "bad-signature",
           good[:2] + [(good[2][0], flipped(good[2][1], 40))])
    signed("unknown-signer", "a stranger's valid signature beside three good ones", "unknown-signer",
           good + [(STRANGER.key, STRANGER.sign(asked))])
    signed("signed-body-itself", "the signature is over the hash in a labelled message, not over the hash", "bad-signature",
           [(root.key, root.sign(CHANNEL)) for root in ROOTS])
    other = signature_message(seed("other channel"), CHANNEL)
    signed("signed-for-other-channel", "signatures of another channel", "bad-signature",
           [(root.key, root.sign(other)) for root in ROOTS])
    changed = FIRST.changed(name="Newsr00m")
    alone(book, "body-changed", "good signatures over another body", "bad-signature",
          changed.body() + FIRST.signatures(good), channel=changed.hash())


def successors(book: Book) -> None:
    after(book, "second", "one more delegate", "accepted", SECOND)
    after(book, "second-renamed", "the name may change", "accepted", SECOND.changed(name="Жаңалықтар"))
    after(book, "third", "a key is left out", "accepted", THIRD_LEAVES_AIDA_OUT, ("first", "second"))
    after(book, "rotation", "the committed set, with both thresholds", "accepted", ROTATED)
    after(book, "after-rotation", "the new roots alone sign the next one", "accepted",
          ROTATED.changed(number=3, signers=NEXT_ROOTS), ("first", "rotated"))
    after(book, "first-again", "a charter that is already applied", "accepted", FIRST)
    after(book, "second-again", "the same body with other signers is the same charter", "accepted", SECOND.changed(signers=ROOTS[1:]),
          ("first", "second", "third"))
    after(book, "second-again-one-signer", "also a charter whose number is held is checked", "below-threshold",
          SECOND.changed(signers=ROOTS[1:2]), ("first", "second"))
    after(book, "rival", "another valid charter of the same number", "accepted", SECOND.changed(name="Rival"), ("first", "second"))
    after(book, "rival-below", "a contradiction may be found late", "accepted", SECOND.changed(name="Rival"), ("first", "second", "third"))
    after(book, "rival-of-first", "charter 1 has no rivals: another one founds another channel", "wrong-channel",
          FIRST.changed(name="Rival"), ("first", "second"))
    after(book, "rival-returns", "checked against those below it: what a later charter left out does not matter", "accepted",
          THIRD_LEAVES_AIDA_OUT.changed(delegates=SECOND.delegates), ("first", "second", "third"))
    after(book, "third-after-rivals", "nothing is accepted behind a contradiction", "out-of-sequence", THIRD_LEAVES_AIDA_OUT,
          ("first", "second", "second-rival"))
    after(book, "rival-known", "a rival that is held already", "accepted", SECOND, ("first", "second", "second-rival"))
    after(book, "third-after-first", "a charter is missing between", "out-of-sequence", THIRD_LEAVES_AIDA_OUT)
    after(book, "origin-0-in-second", "only charter 1 has a salt", "bad-value", SECOND.changed(origin=0))
    other = FIRST.changed(salt=seed("other salt"))
    after(book, "second-of-other-channel", "same roots, another channel", "wrong-channel",
          SECOND.changed(channel=other.hash(), founding=other.own_founding()))
    after(book, "second-one-signer", "1 of 2", "below-threshold", SECOND.changed(signers=ROOTS[:1]))
    after(book, "rotation-new-only", "the roots before did not agree", "below-threshold", ROTATED.changed(signers=NEXT_ROOTS))
    after(book, "rotation-one-old", "only one of the roots before agreed", "below-threshold",
          ROTATED.changed(signers=NEXT_ROOTS + ROOTS[:1]))
    after(book, "rotation-old-only", "the new roots did not agree", "below-threshold", ROTATED.changed(signers=ROOTS))
    after(book, "old-roots-after-rotation", "a root of two charters ago", "unknown-signer",
          ROTATED.changed(number=3, signers=NEXT_ROOTS + LATER_ROOTS[:1]), ("first", "rotated"))
    after(book, "roots-not-committed", "a set that nobody committed to", "roots-not-committed",
          SECOND.changed(roots=LATER_ROOTS, next=commitment(2, NEXT_ROOTS), signers=LATER_ROOTS + ROOTS))
    after(book, "threshold-lowered", "1 of the same 3", "roots-not-committed", SECOND.changed(threshold=1))
    after(book, "rotation-threshold-lowered", "the committed keys, but 1 of 3", "roots-not-committed", ROTATED.changed(threshold=1))
    after(book, "rotation-same-next", "the used commitment is named again", "roots-not-committed",
          ROTATED.changed(next=commitment(2, NEXT_ROOTS)))
    after(book, "commitment-changed", "same roots, another commitment", "roots-not-committed",
          SECOND.changed(next=commitment(2, LATER_ROOTS)))


def successions_of_delegates(book: Book) -> None:
    def aida_becomes(name: str, why: str, expect: str, entry: Enrolled) -> None:
        after(book, name, why, expect, SECOND.changed(delegates=[entry, *FIRST.delegates[1:]]))

    aida_becomes("gains-role", "post becomes post and edit", "accepted", Enrolled(AIDA, POST | EDIT))
    aida_becomes("starts-earlier", "a life may begin earlier", "accepted", Enrolled(AIDA, not_before=JUNE_MS - 1))
    aida_becomes("relabelled", "a label may change", "accepted", Enrolled(AIDA, label="desk two"))
    aida_becomes("other-roles", "post becomes live", "delegate-narrowed", Enrolled(AIDA, LIVE))
    aida_becomes("starts-later", "a life cannot begin later", "delegate-narrowed", Enrolled(AIDA, not_before=JUNE_MS + 1))
    aida_becomes("gets-end", "a life without an end cannot get one", "delegate-narrowed", Enrolled(AIDA, not_after=JUNE_MS + 9))
    aida_becomes("moves", "a region does not change", "delegate-narrowed", Enrolled(AIDA, region="KZ-79"))
    after(book, "loses-role", "post and edit becomes post", "delegate-narrowed",
          SECOND.changed(delegates=[FIRST.delegates[0], Enrolled(BOLAT, POST, region="KZ-75")]))
    after(book, "returns", "a key that was left out comes back", "delegate-returned",
          SECOND.changed(number=4), ("first", "second", "third"))
    after(book, "all-left-out", "every key is left out", "accepted", SECOND.changed(delegates=[]))


def closings(book: Book) -> None:
    log = aida(3)

    def closes(name: str, why: str, expect: str, *entries: Closed, accepted=("first",), **changes) -> None:
        base = SECOND.changed(number=len(accepted) + 1)
        after(book, name, why, expect, base.changed(closings=list(entries), **changes), accepted)

    closes("closing-of-staying-key", "a forked log is closed, its key stays", "accepted", Closed(AIDA.key, 7, log.ids()))
    closes("closing-of-left-out", "the key goes, two items stay", "accepted", Closed(AIDA.key, 7, log.ids()[:2]),
           accepted=("first", "second"), delegates=SECOND.delegates[1:])
    closes("closing-empty", "a log of which nothing is good", "accepted", Closed(AIDA.key, 8, []))
    closes("closing-new-key", "a log of a key that this charter enrols", "accepted", Closed(CHOLPAN.key, 1, []))
    closes("closing-later", "a key that an earlier charter left out", "accepted", Closed(AIDA.key, 7, log.ids()[:1]),
           accepted=("first", "second", "third"), delegates=SECOND.delegates[1:])
    closes("closing-unknown-key", "a key that no charter lists", "unknown-key", Closed(DANIYAR.key, 7, []))
    closes("closing-wrong-log", "the log ID is not that of the opening", "wrong-log", Closed(AIDA.key, 7, [], log=seed("log")[:16]))
    closes("closing-too-large", "more items than a log can have", "bad-value", Closed(AIDA.key, 7, log.ids(), count=2**20 + 1))
    closes("closing-without-tip", "items, but no tip", "bad-value", Closed(AIDA.key, 7, log.ids(), tip=bytes(32)))
    closes("closing-without-root", "items, but no root", "bad-value", Closed(AIDA.key, 7, log.ids(), root=bytes(32)))
    closes("closing-empty-with-tip", "no items, but a tip", "bad-value", Closed(AIDA.key, 7, [], tip=seed("tip")))
    tipped = SECOND.changed(closings=[Closed(AIDA.key, 7, [], tip=seed("tip"))]).bytes()
    after(book, "closing-cut-behind-tip", "a tip that is wrong already, and no root", "bad-value",
          tipped[:tipped.index(seed("tip")) + 32])
    closes("closing-weak-key", "a key of small order", "weak-key", Closed(u(32, 0), 7, []))
    closes("closing-twice", "one log twice", "not-canonical", Closed(AIDA.key, 7, []), Closed(AIDA.key, 7, log.ids()))
    closes("closings-257", "257 closings", "too-many", closing_count=257)
