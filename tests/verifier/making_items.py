"""Vectors of headers, payloads and statements."""

from .book import Book
from .forge import JUNE_MS, Writer, article, rendition, retraction, seed, statement, text, u
from .hashes import plain
from .limits import LOG_ITEMS_MAX
from .world import AIDA, BOLAT, CHANNEL, DELEGATES, DANIYAR, STRANGER, aida, bolat, flipped

MIB = 1 << 20


def headers() -> Book:
    book = Book("header", "Headers that stand alone, and runs of them.")
    good_headers(book)
    bad_headers(book)
    runs(book)
    return book


def single(book: Book, name: str, why: str, expect: str, data: bytes, **more) -> None:
    opening = {"channel": CHANNEL, "delegates": DELEGATES, "key": AIDA.key, "incarnation": 7} | more
    book.case(name, why, expect, op="verify", header=data, **opening)


def good_headers(book: Book) -> None:
    log = aida(2)
    ok = lambda name, why, data: single(book, name, why, "accepted", data)
    ok("first", "seq 0 has no previous", log.datas[0])
    ok("second", "seq 1 names the first", log.datas[1])
    ok("expiry", "a notice with an end", log.header(kind=3, payload=b"n", expiry=JUNE_MS + 1))
    ok("expiry-before-time", "expiry is not compared with the time", log.header(kind=3, payload=b"n", expiry=1))
    ok("far-future", "a wrong clock refuses nothing here", log.header(time=2**53 - 1))
    ok("last-seq", "the last possible seq", log.header(seq=LOG_ITEMS_MAX - 1))
    ok("odd-tlv", "an unknown odd extension is ignored", log.header(tlv=u(2, 5) + u(2, 1) + u(2, 1) + b"x"))
    ok("full-tlv", "1,024 bytes of extensions: the largest header", log.header(tlv=u(2, 1024) + u(2, 0x8001) + u(2, 1020) + bytes(1020)))
    ok("unknown-kind", "an unknown kind is kept", log.header(kind=64, length=65_536))
    ok("media-largest", "a media payload of 262,144 bytes", log.header(kind=2, length=262_144))


def bad_headers(book: Book) -> None:
    log = aida(2)
    good = log.datas[1]

    def wrong(name: str, why: str, expect: str, **fields) -> None:
        single(book, name, why, expect, log.header(**fields))

    single(book, "empty", "no bytes", "truncated", b"")
    single(book, "cut", "the last byte is missing", "truncated", good[:-1])
    single(book, "cut-in-hash", "cut in the payload hash", "truncated", good[:60])
    single(book, "trailing", "a byte behind the signature", "trailing-bytes", good + b"\0")
    single(book, "too-long", "1,203 bytes", "too-long", good + bytes(1203 - len(good)))
    wrong("version-2", "a newer version", "newer-version", version=2)
    wrong("kind-0", "no such kind", "bad-value", kind=0)
    wrong("flags", "version 1 knows no flags", "bad-value", flags=1)
    wrong("seq-2-20", "one more item than a log can have", "bad-value", seq=LOG_ITEMS_MAX)
    wrong("seq-2-63", "a seq of 2⁶³", "bad-value", seq=2**63, time=JUNE_MS)
    wrong("time-2-53", "times are below 2⁵³", "bad-value", time=2**53)
    wrong("expiry-2-53", "times are below 2⁵³", "bad-value", expiry=2**53)
    for kind, most in ((1, 131_072), (2, 262_144), (3, 4_096), (4, 4_096), (5, 65_536), (9, 65_536), (200, 65_536)):
        wrong(f"payload-of-kind-{kind}", "one byte more than the kind allows", "too-long", kind=kind, length=most + 1)
    wrong("previous-missing", "seq 2 must name seq 1", "bad-value", previous=bytes(32))
    wrong("previous-of-first", "seq 0 has nothing before it", "bad-value", seq=0)
    wrong("tlv-even", "an unknown even extension", "unknown-tlv", tlv=u(2, 4) + u(2, 0) + u(2, 0))
    wrong("tlv-twice", "one type twice", "not-canonical", tlv=u(2, 8) + u(2, 1) + u(2, 0) + u(2, 1) + u(2, 0))
    wrong("tlv-stump", "three bytes are no entry", "truncated", tlv=u(2, 3) + u(2, 1) + b"\0")
    wrong("tlv-too-long", "1,025 bytes of extensions", "too-long", tlv=u(2, 1025))
    wrong("other-log", "the header of another log", "wrong-log", log=seed("other log")[:16])
    single(book, "other-incarnation", "the reader has another incarnation in mind", "wrong-log", good, incarnation=8)
    single(book, "other-key", "the log does not belong to this key", "wrong-log", good, key=BOLAT.key)
    single(book, "other-channel", "the log ID depends on the channel", "wrong-log", good, channel=seed("other channel"))
    wrong("signed-by-other", "Bolat signs in Aida's log", "bad-signature", signer=BOLAT)
    wrong("signed-for-other-channel", "the signature covers the channel", "bad-signature", signed_channel=seed("other channel"))
    wrong("signed-as-statement", "the signature covers its label", "bad-signature", label="statement signature")
    for place, what in ((1, "kind"), (28, "time"), (50, "payload hash"), (90, "previous"), (-64, "R"), (-1, "S")):
        single(book, f"flipped-{what.replace(' ', '-')}", f"one bit of the {what}", "bad-signature",
               flipped(good, place, 2 if what == "kind" else 1))


def runs(book: Book) -> None:
    log = aida(6)

    def run(name: str, why: str, expect: str, datas: list[bytes], signer=AIDA) -> None:
        book.case(name, why, expect, op="run", channel=CHANNEL, delegates=DELEGATES, key=signer.key, incarnation=7, headers=datas)

    datas = log.datas
    run("run", "six linked headers, one signature", "accepted", datas)
    run("run-from-middle", "a run may begin anywhere", "accepted", datas[2:])
    run("run-of-one", "one header", "accepted", datas[3:4])
    odd = log.branch(2)
    odd.write(signer=STRANGER)
    odd.write()
    run("run-covers-signatures", "a header below the tip may be signed badly: the tip's signer linked it", "accepted", odd.datas)
    run("run-tip-badly-signed", "the tip's signature is the one that counts", "bad-signature", odd.datas[:3])
    run("run-hole", "seq 2 is missing", "out-of-sequence", datas[:2] + datas[3:])
    run("run-backwards", "seq goes down", "out-of-sequence", datas[:2][::-1])
    run("run-flipped", "one bit below the tip breaks the link", "not-linked", datas[:2] + [flipped(datas[2], 50)] + datas[3:])
    run("run-flipped-signature", "links cover signatures", "not-linked", datas[:2] + [flipped(datas[2], -1)] + datas[3:])
    other = log.branch(3)
    other.write(payload=b"another")
    run("run-other-branch", "seq 4 stands on another seq 3", "not-linked", [*datas[:3], other.datas[3], datas[4]])
    strange = Writer(CHANNEL, STRANGER)
    strange.write()
    single(book, "unknown-key", "well signed, by a key that no charter lists", "unknown-key", strange.datas[0], key=STRANGER.key)
    run("run-unknown-key", "well signed, by a key that no charter lists", "unknown-key", strange.datas, STRANGER)
    run("run-two-logs", "a header of another log in the run", "wrong-log", [datas[0], aida(2, 8).datas[1]])


def inline(count: int) -> bytes:
    return b"\1" + u(4, count) + b"".join(seed(f"group {number}") for number in range(count))


def media(*renditions: bytes, count: int | None = None) -> bytes:
    return article("Clip", renditions=u(1, len(renditions) if count is None else count) + b"".join(renditions))


def variant(language: str | bytes = "kk", origin: int = 0, title: str | bytes = "Title", body: str | bytes = "Body") -> bytes:
    return text(language) + u(1, origin) + text(title) + text(body)


def variants(*entries: bytes, count: int | None = None) -> bytes:
    return b"\1\0" + u(1, len(entries) if count is None else count) + b"".join(entries) + b"\0"


def payloads() -> Book:
    book = Book("item", "Payloads of articles (kinds 1, 2, 3) and retractions (kind 4).")
    articles(book)
    bad_articles(book)
    renditions(book)
    retractions(book)
    return book


def articles(book: Book) -> None:
    ok = lambda name, why, payload, kind=1, **more: book.case(name, why, kind=kind, payload=payload, **more)
    ok("post", "one language", article("Rain"))
    ok("notice", "kind 3 is an article too", article("Moved to the library"), kind=3)
    ok("correction", "names the item that it replaces", article("Rain", corrects=seed("item")))
    ok("languages", "three, one of them unknown", variants(variant("kk"), variant("ru", 1), variant("", 2)))
    ok("empty-texts", "title and body may be empty", variants(variant("en", 0, "", "")))
    ok("two-originals", "further variants may be originals too", variants(variant("kk"), variant("ru")))
    ok("title-256", "a title of TITLE_BYTES_MAX bytes", variants(variant("en", 0, "т" * 128)))
    ok("body-65536", "a body of BODY_BYTES_MAX bytes, all of them 0", b"\1\0\1" + text("en") + b"\0" + text("t") + u(4, 65_536),
       zeros=65_537)
    ok("sixteen-languages", "VARIANTS_MAX", variants(*(variant(f"x-{number}", int(number > 0)) for number in range(16))))
    ok("not-normalised", "verifiers check UTF-8 only, not NFC", variants(variant("en", 0, "e\u0301")))


def bad_articles(book: Book) -> None:
    def bad(name: str, why: str, expect: str, payload: bytes, kind: int = 1, **more) -> None:
        book.case(name, why, expect, kind=kind, payload=payload, **more)

    good = article("Rain")
    bad("empty", "no bytes", "truncated", b"")
    bad("cut", "the count of renditions is missing", "truncated", good[:-1])
    bad("trailing", "a byte too many", "trailing-bytes", good + b"\0")
    bad("version-2", "a newer version", "newer-version", b"\2" + good[1:])
    bad("corrects-2", "neither 0 nor 1", "bad-value", b"\1\2" + good[2:])
    bad("no-variant", "an article has at least one text", "bad-value", variants())
    bad("variants-17", "17 languages", "too-many", variants(count=17))
    bad("language-36", "a tag of 36 bytes", "too-long", variants(variant("a" * 36)))
    bad("language-underscore", "BCP 47 has no underscore", "bad-value", variants(variant("kk_KZ")))
    bad("language-not-ascii", "BCP 47 is ASCII", "bad-value", variants(variant("қаз")))
    bad("language-twice", "no language twice", "not-canonical", variants(variant("kk"), variant("ru"), variant("kk", 1)))
    bad("origin-3", "no such origin", "bad-value", variants(variant("kk", 3)))
    bad("first-translated", "the first variant is the original", "bad-value", variants(variant("kk", 2), variant("ru")))
    bad("title-257", "a title of 257 bytes", "too-long", variants(variant("en", 0, "t" * 257)))
    bad("title-not-utf8", "a lonely continuation byte", "not-utf8", variants(variant("en", 0, b"\x80")))
    bad("body-65537", "a length is refused before the bytes are looked for", "too-long",
        b"\1\0\1" + text("en") + b"\0" + text("t") + u(4, 65_537))
    bad("post-131073", "larger than any post", "too-long", good, zeros=131_073 - len(good))
    bad("notice-4097", "larger than any notice", "too-long", article("Moved", "x" * 4_090), kind=3)
    bad("post-with-rendition", "files make it a media item", "bad-value", media(rendition()))
    bad("notice-with-rendition", "notices carry no files", "bad-value", media(rendition()), kind=3)
    bad("media-without-rendition", "a media item has files", "bad-value", good, kind=2)


def renditions(book: Book) -> None:
    ok = lambda name, why, *entries, **more: book.case(name, why, kind=2, payload=media(*entries), **more)

    def bad(name: str, why: str, expect: str, *entries: bytes, **more) -> None:
        book.case(name, why, expect, kind=2, payload=media(*entries, **more))

    ok("media", "two renditions", rendition(), rendition("audio", 700, "audio/ogg", width=0, height=0, duration=61_000))
    ok("media-empty-file", "a file may be empty", rendition(size=0))
    ok("media-no-mime", "the MIME type may be empty", rendition(mime=""))
    ok("groups-none", "one byte below 1 MiB", rendition(size=MIB - 1))
    ok("groups-one", "exactly 1 MiB is one group", rendition(size=MIB, groups=inline(1)))
    ok("groups-two", "one byte more is two", rendition(size=MIB + 1, groups=inline(2)))
    ok("groups-1024", "1 GiB: the most that stand inline", rendition(size=MIB << 10, groups=b"\1" + u(4, 1024)), zeros=32_768)
    ok("groups-in-blob", "one byte more goes into a blob", rendition(size=(MIB << 10) + 1, groups=b"\2" + seed("groups")))
    ok("size-largest", "2⁵³ − 1 bytes", rendition(size=2**53 - 1, groups=b"\2" + seed("groups")))
    ok("renditions-32", "RENDITIONS_MAX", *(rendition(f"r{number}") for number in range(32)))
    bad("renditions-33", "33 files", "too-many", count=33)
    bad("rendition-unnamed", "a name has at least one byte", "bad-value", rendition(""))
    bad("rendition-name-65", "a name of 65 bytes", "too-long", rendition("r" * 65))
    bad("rendition-twice", "no name twice", "not-canonical", rendition(), rendition("audio"), rendition())
    bad("size-2-53", "sizes are below 2⁵³", "bad-value", rendition(size=2**53, groups=b"\2" + seed("groups")))
    bad("size-2-63", "a file of 2⁶³ bytes", "bad-value", rendition(size=2**63, groups=b"\2" + seed("groups")))
    bad("duration-2-53", "durations are below 2⁵³", "bad-value", rendition(duration=2**53))
    bad("mime-128", "a MIME type of 128 bytes", "too-long", rendition(mime="m" * 128))
    bad("mime-space", "visible ASCII only", "bad-value", rendition(mime="video/mp4 x"))
    bad("mime-not-ascii", "visible ASCII only", "bad-value", rendition(mime="видео/mp4"))
    bad("groups-form-4", "no such form", "bad-value", rendition(groups=b"\4"))
    still = lambda size, wrong=b"": rendition("still", size, "image/jpeg", blob=plain(bytes(size) + wrong), groups=b"\3" + bytes(size))
    ok("file-inside", "the file itself stands in the item", rendition(), still(9))
    ok("file-inside-empty", "an empty one too", still(0))
    ok("file-inside-16384", "INLINE_FILE_BYTES_MAX", still(16_384))
    bad("file-inside-16385", "one byte more does not", "not-canonical", still(16_385))
    bad("file-inside-other", "the file is another one", "hash-mismatch", still(9, b"!"))
    bad("file-inside-cut", "eight of nine bytes", "truncated", still(9)[:-1])
    bad("groups-of-small", "small files have none", "not-canonical", rendition(size=MIB - 1, groups=inline(1)))
    bad("groups-missing", "1 MiB must have them", "not-canonical", rendition(size=MIB))
    bad("groups-blob-too-early", "1 GiB stands inline", "not-canonical", rendition(size=MIB << 10, groups=b"\2" + seed("groups")))
    bad("groups-inline-too-long", "more than 1 GiB goes into a blob", "not-canonical",
        rendition(size=(MIB << 10) + 1, groups=b"\1" + u(4, 1025)))
    bad("groups-too-few", "3 groups for 3 MiB and a byte", "not-canonical", rendition(size=3 * MIB + 1, groups=inline(3)))
    bad("groups-too-many", "4 groups for 3 MiB", "not-canonical", rendition(size=3 * MIB, groups=inline(4)))
    bad("groups-2-32", "a count of 2³² − 1", "not-canonical", rendition(size=MIB, groups=b"\1" + u(4, 2**32 - 1)))


def retractions(book: Book) -> None:
    def retracts(name: str, why: str, expect: str, payload: bytes) -> None:
        book.case(name, why, expect, kind=4, payload=payload)

    targets = sorted(seed(f"target {number}") for number in range(65))
    retracts("retraction", "two items", "accepted", retraction(targets[:2]))
    retracts("retraction-64", "RETRACTION_TARGETS_MAX, no reason", "accepted", retraction(targets[:64], ""))
    retracts("retraction-65", "65 items", "too-many", retraction(targets))
    retracts("retraction-0", "of nothing", "bad-value", retraction([]))
    retracts("retraction-twice", "one item twice", "not-canonical", retraction([targets[0]] * 2))
    retracts("retraction-descends", "items do not ascend", "not-canonical", b"\1" + u(2, 2) + targets[1] + targets[0] + text(""))
    retracts("retraction-version", "a newer version", "newer-version", b"\2" + retraction(targets[:1])[1:])
    retracts("retraction-reason-257", "a reason of 257 bytes", "too-long", retraction(targets[:1], "r" * 257))
    retracts("retraction-cut", "cut in the second target", "truncated", retraction(targets[:2])[:40])
    retracts("retraction-trailing", "a byte too many", "trailing-bytes", retraction(targets[:1]) + b"\0")


def statements() -> Book:
    book = Book("statement", "Statements, and which of two wins.")
    good_statements(book)
    bad_statements(book)
    log = aida(2)
    pairs = (("counter", "the higher counter", statement(log, 5), statement(log, 6), "b"),
             ("counter-not-time", "the higher counter, though its time is older", statement(log, 9, time=1), statement(log, 8), "a"),
             ("counter-2-63", "counters are unsigned", statement(log, 2**63, time=1), statement(log, 2**63 - 1, time=2), "a"))
    for name, why, a, b, winner in pairs:
        book.case(f"winner-{name}", why, result={"winner": winner}, op="winner", channel=CHANNEL, a=a, b=b)
    for number in range(3):
        book.case(f"winner-hash-{number}", "equal counters: the greater hash", op="winner", channel=CHANNEL,
                  a=statement(log, 5, time=JUNE_MS + number), b=statement(log, 5, time=JUNE_MS + 10))
    return book


def said(book: Book, name: str, why: str, expect: str, data: bytes, **more) -> None:
    known = {"channel": CHANNEL, "delegates": DELEGATES} | more
    book.case(name, why, expect, op="verify", statement=data, **known)


def good_statements(book: Book) -> None:
    log, other = aida(3), bolat(2)
    many = [(aida(0, number).log(), number, seed(f"cited {number}")) for number in range(20, 28)]
    ok = lambda name, why, data: said(book, name, why, "accepted", data)
    ok("plain", "nothing cited", statement(log))
    ok("citing", "Bolat's newest item", statement(log, cites=[(other.log(), 1, other.id(1))]))
    ok("citing-8", "CITATIONS_MAX", statement(log, cites=many))
    ok("empty-log", "a delegate that has written nothing yet", statement(aida(0)))
    ok("next-word", "the next statement is due in a day", statement(log, next_word=JUNE_MS + 86_400_000))
    ok("counter-largest", "a counter of 2⁶³", statement(log, 2**63, time=JUNE_MS))
    ok("full-log", "LOG_ITEMS_MAX items", statement(log, items=LOG_ITEMS_MAX))


def bad_statements(book: Book) -> None:
    log, other = aida(3), bolat(2)
    good = statement(log, cites=[(other.log(), 1, other.id(1))])

    def wrong(name: str, why: str, expect: str, **fields) -> None:
        said(book, name, why, expect, statement(log, **fields))

    said(book, "empty", "no bytes", "truncated", b"")
    said(book, "cut", "the last byte is missing", "truncated", good[:-1])
    said(book, "cut-in-citation", "cut in a citation", "truncated", good[:130])
    said(book, "trailing", "a byte too many", "trailing-bytes", good + b"\0")
    wrong("magic", "the magic of a charter", "bad-magic", magic=b"LEC")
    wrong("version-2", "a newer version", "newer-version", version=2)
    wrong("weak-key", "a key of small order", "weak-key", key=u(32, 1))
    wrong("time-2-53", "times are below 2⁵³", "bad-value", time=2**53)
    wrong("next-word-2-53", "times are below 2⁵³", "bad-value", next_word=2**53)
    wrong("items-above", "more items than a log can have", "bad-value", items=LOG_ITEMS_MAX + 1)
    wrong("tip-missing", "items, but no tip", "bad-value", tip=bytes(32))
    wrong("tip-of-nothing", "no items, but a tip", "bad-value", items=0)
    wrong("charter-0", "charters are numbered from 1", "bad-value", charter=0)
    wrong("citations-9", "nine citations", "too-many", count=9)
    wrong("cited-twice", "one log twice", "not-canonical", cites=[(other.log(), 1, other.id(1)), (other.log(), 0, other.id(0))])
    wrong("cited-descending", "logs do not ascend", "not-canonical", sort=False,
          cites=[(u(16, 2), 1, seed("x")), (u(16, 1), 1, seed("x"))])
    wrong("cited-seq", "a seq that no log can have", "bad-value", cites=[(other.log(), LOG_ITEMS_MAX, other.id(1))])
    wrong("cites-itself", "nobody vouches for their own log", "bad-value", cites=[(log.log(), 1, log.id(1))])
    said(book, "unknown-key", "a key that no charter lists", "unknown-key", statement(Writer(CHANNEL, DANIYAR)))
    wrong("signed-by-other", "Bolat signs for Aida", "bad-signature", signer=BOLAT)
    wrong("signed-for-other-channel", "the signature covers the channel", "bad-signature", signed_channel=seed("other channel"))
    wrong("signed-as-item", "the signature covers its label", "bad-signature", label="item signature")
    said(book, "other-channel", "the same statement in another channel", "bad-signature", good, channel=seed("other channel"))
    for place, what in ((40, "incarnation"), (44, "counter"), (60, "next-word"), (76, "tip"), (-1, "S"), (-40, "R")):
        said(book, f"flipped-{what}", f"one bit of {what}", "bad-signature", flipped(good, place))
