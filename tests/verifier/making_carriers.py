"""Vectors of what carriers hold: addresses, heads, packs, paths."""

from . import address as addresses
from .book import Book
from .forge import JUNE_MS, Writer, head, pack, seed, statement, u
from .hashes import log_id
from .limits import PACK_LIES_MAX
from .world import AIDA, BOLAT, CHANNEL, DANIYAR, DELEGATES, aida, bolat, flipped


def address() -> Book:
    book = Book("address", "Texts that are channel addresses, and others.")
    good_addresses(book)
    bad_addresses(book)
    return book


def good_addresses(book: Book) -> None:
    ok = lambda name, why, text: book.case(name, why, text=text)
    plain = addresses.write(CHANNEL)
    for name, channel in (("newsroom", CHANNEL), ("zeros", bytes(32)), ("ones", b"\xff" * 32), ("counting", bytes(range(32)))):
        ok(name, "an ID and its text", addresses.write(channel))
    ok("upper-case", "as QR codes like it", plain.upper())
    ok("mixed-case", "letters count, not their case", plain[:30] + plain[30:].upper())
    ok("white-space", "line breaks, tabs and spaces are ignored", " " + plain[:20] + "\r\n\t" + plain[20:40] + "  " + plain[40:] + "\n")
    ok("one-hint", "a carrier", addresses.write(CHANNEL, ["https://mirror.example/a b?c=d&e"]))
    ok("eight-hints", "as many as fit, the last one of 512 bytes",
       addresses.write(CHANNEL, [f"https://{number}.example/" for number in range(7)] + ["ж" * 256]))
    ok("hint-not-encoded", "readers take what needs no encoding in a query", plain + "?at=http://10.0.0.1:8080/tree")
    ok("hint-plus", "a plus is a plus", plain + "?at=a+b")
    ok("hint-equals", "only the first = separates", plain + "?at=a=b")
    ok("other-parameter", "other parameters are ignored", plain + "?lang=kk&at=stick&x")
    ok("empty-query", "a question mark and nothing", plain + "?")


def bad_addresses(book: Book) -> None:
    bad = lambda name, why, expect, text: book.case(name, why, expect, text=text)
    plain = addresses.write(CHANNEL)
    bad("empty", "no text", "bad-magic", "")
    bad("no-scheme", "52 characters alone", "bad-magic", plain[8:])
    bad("other-scheme", "another scheme", "bad-magic", "longbow:" + plain[8:])
    bad("slashes", "no // behind the scheme", "bad-value", "longear://" + plain[8:])
    bad("51", "one character is missing", "truncated", plain[:-1])
    bad("53", "one character too many", "trailing-bytes", plain + "a")
    for digit in "0189":
        bad(f"digit-{digit}", f"base32 has no {digit}", "bad-value", plain[:20] + digit + plain[21:])
    bad("padding", "base32 without padding", "trailing-bytes", plain + "====")
    bad("hyphen", "only white space is ignored", "bad-value", plain[:12] + "-" + plain[12:])
    bad("no-break-space", "only space, tab, CR and LF are white space", "bad-value", plain[:12] + "\u00a0" + plain[12:])
    bad("kelvin-sign", "a letter that lower-cases to k is no k", "bad-value", plain[:12] + "\u212a" + plain[13:])
    bad("checksum", "the last character's checksum", "bad-checksum", plain[:-1] + addresses.ALPHABET[addresses.ALPHABET.index(plain[-1]) ^ 1])
    slip = next(letter for letter in addresses.ALPHABET if reads_wrongly(plain[:20] + letter + plain[21:]))
    bad("slip", "another letter in the middle", "bad-checksum", plain[:20] + slip + plain[21:])
    bad("hints-9", "nine hints", "too-many", plain + "?" + "&".join(f"at={number}" for number in range(9)))
    bad("hint-513", "a hint of 513 bytes", "too-long", plain + "?at=" + "h" * 513)
    bad("hint-empty", "an empty hint", "bad-value", plain + "?at=")
    bad("hint-percent", "a % without two digits", "bad-value", plain + "?at=a%2")
    bad("hint-not-utf8", "bytes that are no UTF-8", "not-utf8", plain + "?at=%ff")


def reads_wrongly(text: str) -> bool:
    try:
        addresses.read(text)
    except Exception:
        return True
    return False


def heads() -> Book:
    book = Book("head", "Heads, and how two are merged.")
    good = standard_head()
    good_heads(book)
    bad_heads(book, good)
    merges(book)
    return book


def standard_head(**wrong) -> bytes:
    return head(CHANNEL, 1, CHANNEL, [statement(aida(2)), statement(bolat(1))], [seed("log b")[:16], seed("log a")[:16]], **wrong)


def crowd(count: int, counter: int = 1, **fields) -> list[bytes]:
    """Returns statements of many logs; heads do not ask whether a key is known."""
    return [statement(Writer(CHANNEL, AIDA, number), counter, **fields) for number in range(1000, 1000 + count)]


def good_heads(book: Book) -> None:
    ok = lambda name, why, data: book.case(name, why, op="decode", head=data)
    ok("head", "two statements, two forks", standard_head())
    ok("head-empty", "no statement yet", head(CHANNEL, 1, CHANNEL, [], []))
    ok("head-badly-signed", "signatures are checked one by one, not by the head",
       head(CHANNEL, 3, seed("charter"), [flipped(statement(aida(1)), -1)], []))
    ok("head-full", "64 statements and 32 forks", head(CHANNEL, 1, CHANNEL, crowd(64), [u(16, n) for n in range(32)]))


def bad_heads(book: Book, good: bytes) -> None:
    bad = lambda name, why, expect, data, **more: book.case(name, why, expect, op="decode", head=data, **more)
    bad("empty", "no bytes", "truncated", b"")
    bad("cut", "the last byte is missing", "truncated", good[:-1])
    bad("cut-in-statement", "cut in a statement", "truncated", good[:150])
    bad("trailing", "a byte too many", "trailing-bytes", good + b"\0")
    bad("too-long", "32,769 bytes", "too-long", good, zeros=32_769 - len(good))
    bad("magic", "the magic of a statement", "bad-magic", standard_head(magic=b"LES"))
    bad("version-2", "a newer version", "newer-version", standard_head(version=2))
    bad("charter-0", "charters are numbered from 1", "bad-value", head(CHANNEL, 0, CHANNEL, [], []))
    bad("statements-65", "65 statements", "too-many", standard_head(statement_count=65))
    bad("forks-33", "33 forks", "too-many", standard_head(fork_count=33))
    pair = sorted((statement(aida(2)), statement(bolat(1))), key=lambda raw: log_id(CHANNEL, raw[4:36], raw[36]))
    bad("statements-descend", "logs do not ascend", "not-canonical", head(CHANNEL, 1, CHANNEL, pair[::-1], [], sort=False))
    bad("statement-twice", "one log twice", "not-canonical",
        head(CHANNEL, 1, CHANNEL, [statement(aida(1)), statement(aida(2), 2)], []))
    bad("statement-magic", "the statement within has another magic", "bad-magic",
        head(CHANNEL, 1, CHANNEL, [statement(aida(1), magic=b"LEC")], []))
    bad("statement-version", "the statement within is newer", "newer-version",
        head(CHANNEL, 1, CHANNEL, [statement(aida(1), version=2)], []))
    bad("statement-cites-itself", "a statement within names its own log", "bad-value",
        head(CHANNEL, 1, CHANNEL, [statement(aida(1), cites=[(aida(1).log(), 0, aida(1).id(0))])], []))
    bad("forks-descend", "forks do not ascend", "not-canonical", head(CHANNEL, 1, CHANNEL, [], [u(16, 2), u(16, 1)], sort=False))
    bad("fork-twice", "one fork twice", "not-canonical", head(CHANNEL, 1, CHANNEL, [], [u(16, 1), u(16, 1)]))


def merges(book: Book) -> None:
    def merge(name: str, why: str, a: bytes, b: bytes, merged: bytes) -> None:
        book.case(f"merge-{name}", why, result={"merged": merged}, op="merge", a=a, b=b)

    old, new, other = statement(aida(1), 1), statement(aida(3), 2), statement(bolat(2))
    low, high = sorted((seed("hash one"), seed("hash two")))
    make = lambda number, charter_hash, statements, forks=(): head(CHANNEL, number, charter_hash, statements, list(forks))
    merge("itself", "idempotent", standard_head(), standard_head(), standard_head())
    merge("newer-charter", "the higher number", make(2, high, []), make(1, low, []), make(2, high, []))
    merge("same-number", "equal numbers: the smaller hash", make(2, high, []), make(2, low, []), make(2, low, []))
    merge("statements", "per log the higher counter", make(1, low, [old, other]), make(1, low, [new]), make(1, low, [new, other]))
    merge("field-by-field", "each field from where it is better", make(3, high, [old]), make(2, low, [new]), make(3, high, [new]))
    merge("forks", "the union", make(1, low, [], [u(16, 1), u(16, 3)]), make(1, low, [], [u(16, 2), u(16, 3)]),
          make(1, low, [], [u(16, 1), u(16, 2), u(16, 3)]))
    by_bytes = sorted(u(16, number) for number in range(1, 41))
    merge("forks-40", "the smallest 32 of the union", make(1, low, [], by_bytes[:20]), make(1, low, [], by_bytes[10:]),
          make(1, low, [], by_bytes[:32]))
    many = crowd(60, time=JUNE_MS)
    fresh = [statement(Writer(CHANNEL, BOLAT, number), time=JUNE_MS + 1) for number in range(10)]
    by_log = sorted(many, key=lambda raw: log_id(CHANNEL, raw[4:36], int.from_bytes(raw[36:44], "little")))
    merge("70-statements", "the newest 64 stay; of equal time those of the smaller log IDs", make(1, low, many), make(1, low, fresh),
          make(1, low, by_log[:54] + fresh))
    book.case("merge-other-channel", "heads of two channels", "wrong-channel", op="merge",
              a=make(1, low, []), b=head(seed("other channel"), 1, low, [], []))


def packs() -> Book:
    book = Book("pack", "Packs, and what of a damaged one is still good.")
    good_packs(book)
    bad_openings(book)
    damaged_headers(book)
    damaged_table(book)
    damaged_payloads(book)
    return book


def packed(book: Book, name: str, why: str, data: bytes, expect: str = "accepted", end: str = "complete",
           headers: dict[int, str] | None = None, payloads: dict[int, str] | None = None, **more) -> None:
    """Adds a pack; `headers` and `payloads` state by slot what is not good."""
    known = {"channel": CHANNEL, "delegates": DELEGATES} | more
    book.case(name, why, expect, pack=data, **known)
    if expect == "accepted":
        result = book.cases[-1]["result"]
        bad = lambda field: {place: slot[field] for place, slot in enumerate(result["slots"]) if slot[field] != "good"}
        stated = end, headers or {}, payloads or {}
        if (result["end"], bad("header"), bad("payload")) != stated:
            raise SystemExit(f"pack: {name}: expected {stated}, got {result['end']}, {bad('header')}, {bad('payload')}")


def good_packs(book: Book) -> None:
    log = aida(16)
    packed(book, "level-0", "one item", pack(log))
    packed(book, "level-0-index-9", "seq 9 alone", pack(log, 0, 9))
    packed(book, "level-1", "eight items", pack(log, 1, 0))
    packed(book, "level-1-index-1", "items 8 to 15", pack(log, 1, 1))
    level_2 = Writer(CHANNEL, AIDA)
    for number in range(64):
        level_2.write(bytes([number]) * (number % 5), kind=70)
    packed(book, "level-2", "64 items, some with empty payloads", pack(level_2, 2))
    holes = [b"" if place in (0, 3, 4) else raw for place, raw in enumerate(log.datas[:8])]
    some = [b"" if place in (0, 3, 4) else raw for place, raw in enumerate(log.payloads[:8])]
    packed(book, "slots-left-out", "an answer may leave items out", pack(log, 1, 0, holes, some),
           headers=dict.fromkeys((0, 3, 4), "left-out"), payloads=dict.fromkeys((0, 3, 4), "left-out"))
    packed(book, "payload-left-out", "retracted: the header stays", pack(log, 1, 0, None, [b"", *log.payloads[1:8]]),
           payloads={0: "left-out"})
    packed(book, "all-left-out", "nothing but the opening", pack(log, 1, 0, [b""] * 8, [b""] * 8),
           headers=dict.fromkeys(range(8), "left-out"), payloads=dict.fromkeys(range(8), "left-out"))
    packed(book, "last-index", "the last position that a log can have", pack(log, 0, 0, [b""], [b""], stated_index=2**20 - 1),
           headers={0: "left-out"}, payloads={0: "left-out"})


def pack_of_lies() -> Book:
    """Returns a book of its own: only a pack of 512 slots has room for so many lies."""
    book = Book("pack-lies", "The bad signatures of a pack that cost only themselves are PACK_LIES_MAX.")
    log = Writer(CHANNEL, AIDA)
    for _ in range(PACK_LIES_MAX + 4):
        log.write(b"", kind=70)
    lies = [flipped(data, -1) for data in log.datas]
    nothing = [b""] * 512

    def told(name: str, why: str, first_lie: int, good: int, end: int) -> None:
        headers = [*log.datas[:first_lie], *lies[first_lie:end - 1], log.datas[end - 1], *nothing[end:]]
        states = dict.fromkeys(range(good, end - 1), "bad-signature") | dict.fromkeys(range(end, 512), "left-out")
        payloads = dict.fromkeys(range(good, end - 1), "unread") | dict.fromkeys(range(end, 512), "left-out")
        packed(book, name, why, pack(log, 3, 0, headers, nothing), headers=states, payloads=payloads)

    told("one-too-many", "two good headers below 65 lies are refused unseen, the one above them stays", 2, 0, PACK_LIES_MAX + 4)
    told("as-many-as-may-be", "three good headers below 64 lies stay", 3, 3, PACK_LIES_MAX + 4)
    return book


def bad_openings(book: Book) -> None:
    log = aida(8)
    good = pack(log, 1)
    bad = lambda name, why, expect, data, **more: packed(book, name, why, data, expect, **more)
    bad("empty", "no bytes", "truncated", b"")
    bad("cut-in-opening", "cut in the key", "truncated", good[:30])
    bad("magic", "the magic of a head", "bad-magic", pack(log, 1, magic=b"LEH"))
    bad("version-2", "a newer version", "newer-version", pack(log, 1, version=2))
    bad("level-5", "no such level", "bad-value", pack(log, 5))
    bad("index-above", "beyond the last item of a log", "bad-value", pack(log, 1, stated_index=2**17))
    bad("index-2-61", "index · 8^level does not fit 64 bits", "bad-value", pack(log, 1, stated_index=2**61))
    bad("weak-key", "a key of small order", "weak-key", pack(log, 1, key=u(32, 1)))
    bad("unknown-key", "a key that no charter lists", "unknown-key", pack(log, 1, key=DANIYAR.key))


def damaged_headers(book: Book) -> None:
    log = aida(8)
    good = pack(log, 1)
    start = lambda place: 53 + 180 * place + 2
    for name, place, offset in (("payload-hash", 3, 50), ("time", 3, 28), ("previous", 3, 90), ("signature", 3, 170),
                                ("signature-of-last", 7, 177), ("time-of-first", 0, 28), ("payload-length", 3, 44)):
        packed(book, f"flipped-{name}", f"one bit in header {place}: the neighbours survive", flipped(good, start(place) + offset),
               headers={place: "bad-signature"}, payloads={place: "unread"})
    packed(book, "flipped-log", "a header of another log", flipped(good, start(2) + 5), headers={2: "wrong-log"}, payloads={2: "unread"})
    packed(book, "flipped-seq", "a header with another seq", flipped(good, start(2) + 20), headers={2: "out-of-sequence"},
           payloads={2: "unread"})
    packed(book, "flipped-version", "a header that is no header", flipped(good, start(5), 4), headers={5: "newer-version"},
           payloads={5: "unread"})
    packed(book, "flipped-two", "two bad headers side by side", flipped(flipped(good, start(4) + 60), start(5) + 60),
           headers={4: "bad-signature", 5: "bad-signature"}, payloads={4: "unread", 5: "unread"})
    packed(book, "header-length-1203", "the frame is lost", good[:start(2) - 2] + u(2, 1203) + good[start(2):], end="too-long",
           headers=dict.fromkeys(range(2, 8), "unread"), payloads=dict.fromkeys(range(8), "unread"))
    packed(book, "header-short", "a header cut within its slot", pack(log, 1, 0, [*log.datas[:6], log.datas[6][:-1], log.datas[7]]),
           headers={6: "truncated"}, payloads={6: "unread"})
    packed(book, "header-long", "a byte behind a header within its slot", pack(log, 1, 0, [*log.datas[:6], log.datas[6] + b"\0", log.datas[7]]),
           headers={6: "trailing-bytes"}, payloads={6: "unread"})
    swapped = [log.datas[1], log.datas[0], *log.datas[2:]]
    packed(book, "swapped", "two headers in each other's slot", pack(log, 1, 0, swapped), headers={0: "out-of-sequence", 1: "out-of-sequence"},
           payloads={0: "unread", 1: "unread"})
    forged = log.branch(4)
    for _ in range(4):
        forged.write(signer=DANIYAR)
    packed(book, "forged-end", "four linked headers that a stranger signed: each falls, the four below stay", pack(forged, 1),
           headers=dict.fromkeys(range(4, 8), "bad-signature"), payloads=dict.fromkeys(range(4, 8), "unread"))
    branch = log.branch(4)
    branch.write(b"another", kind=70)
    mixed = [*log.datas[:4], branch.datas[4], *log.datas[5:]]
    texts = [*log.payloads[:4], b"another", *log.payloads[5:]]
    packed(book, "two-branches", "a well signed header of another branch: three runs, all good", pack(log, 1, 0, mixed, texts))
    packed(book, "cut-in-headers", "cut in header 5: five headers remain, no payload", good[:start(5) + 100], end="truncated",
           headers=dict.fromkeys(range(5, 8), "unread"), payloads=dict.fromkeys(range(8), "unread"))
    packed(book, "cut-behind-opening", "only the opening", good[:53], end="truncated", headers=dict.fromkeys(range(8), "unread"),
           payloads=dict.fromkeys(range(8), "unread"))


def damaged_table(book: Book) -> None:
    log = aida(8)
    good = pack(log, 1)
    nothing = dict.fromkeys(range(8), "unread")
    packed(book, "cut-in-table", "all headers, no payload", good[:53 + 8 * 180 + 40], end="truncated", payloads=nothing)
    packed(book, "offset", "payloads stand one behind the other", pack(log, 1, offsets={4: 0}), end="not-canonical", payloads=nothing)
    packed(book, "offset-2-63", "an offset of 2⁶³", pack(log, 1, offsets={4: 2**63}), end="not-canonical", payloads=nothing)
    packed(book, "length-262145", "larger than any payload", pack(log, 1, lengths={7: 262_145}), end="too-long", payloads=nothing)
    short = [raw[:-1] if place == 4 else raw for place, raw in enumerate(log.payloads)]
    packed(book, "length-of-header", "one payload is a byte shorter than its header says", pack(log, 1, 0, None, short),
           payloads={4: "not-canonical"})
    headless = [b"" if place == 2 else raw for place, raw in enumerate(log.datas)]
    packed(book, "payload-without-header", "a slot that is left out has no payload", pack(log, 1, 0, headless),
           headers={2: "left-out"}, payloads={2: "not-canonical"})


def damaged_payloads(book: Book) -> None:
    log = aida(8)
    good = pack(log, 1)
    area = 53 + 8 * 192
    length = len(log.payloads[0])
    packed(book, "flipped-payload", "one bit of a payload: the others survive", flipped(good, area + 2 * length + 9),
           payloads={2: "hash-mismatch"})
    packed(book, "flipped-last-payload", "the last bit", flipped(good, -1), payloads={7: "hash-mismatch"})
    hollow = Writer(CHANNEL, AIDA)
    for number in range(8):
        hollow.write(b"", kind=70, **({"payload_hash": seed("something")} if number == 2 else {}))
    packed(book, "empty-payload-of-something", "nothing is not what this header names", pack(hollow, 1),
           payloads={2: "hash-mismatch"})
    packed(book, "cut-in-payloads", "cut in payload 3: three remain", good[:area + 3 * length + 5], end="truncated",
           payloads=dict.fromkeys(range(3, 8), "unread"))
    packed(book, "cut-last-byte", "the last byte is missing", good[:-1], end="truncated", payloads={7: "unread"})
    packed(book, "trailing", "bytes behind the last payload cost nothing else", good + b"\0", end="trailing-bytes")


def paths() -> Book:
    book = Book("tree", "Relative paths, and what they name.")
    channel, log, blob, stream = CHANNEL.hex(), aida(0).log().hex(), seed("blob").hex(), seed("stream").hex()[:32]
    good = {
        "head": f"c/{channel}/head", "charter": f"c/{channel}/charter/1", "charter-large": f"c/{channel}/charter/4294967295",
        "pack": f"c/{channel}/p/{log}/0-0", "pack-level-4": f"c/{channel}/p/{log}/4-255", "pack-last": f"c/{channel}/p/{log}/0-1048575",
        "fork": f"c/{channel}/fork/{log}", "edge": f"c/{channel}/live/{stream}",
        "notes": f"c/{channel}/r/{stream}/notes", "sheaf": f"c/{channel}/r/{stream}/{blob[:24]}", "blob": f"b/{blob[:2]}/{blob}", "outboard": f"b/{blob[:2]}/{blob}.o",
        "part": f"b/{blob[:2]}/{blob}.00000400", "part-last": f"b/{blob[:2]}/{blob}.ffffffff",
    }
    for name, path in good.items():
        book.case(name, "a path of the tree", path=path)
    bad = {
        "empty": ("", "no path"), "absolute": (f"/c/{channel}/head", "paths are relative"),
        "dot": (f"./c/{channel}/head", "no . in paths"), "dot-dot": (f"c/{channel}/../{channel}/head", "no .. in paths"),
        "climb": ("../../etc/passwd", "out of the tree"), "double-slash": (f"c//{channel}/head", "no empty names"),
        "backslash": (f"c\\{channel}\\head", "only / separates"), "trailing-slash": (f"c/{channel}/head/", "no slash at the end"),
        "newline": (f"c/{channel}/head\n", "nothing behind the path"), "nul": (f"c/{channel}/head\0", "nothing behind the path"),
        "upper-case": (f"c/{channel.upper()}/head", "lower case only"), "short-channel": (f"c/{channel[:-2]}/head", "62 digits"),
        "long-channel": (f"c/{channel}00/head", "66 digits"), "not-hex": (f"c/g{channel[1:]}/head", "g is no hexadecimal digit"),
        "wide-digits": (f"c/{channel}/charter/１", "digits are ASCII"), "percent": (f"c/{channel}/he%61d", "nothing is encoded"),
        "charter-0": (f"c/{channel}/charter/0", "charters are numbered from 1"),
        "charter-leading-zero": (f"c/{channel}/charter/01", "no leading zeros"),
        "charter-sign": (f"c/{channel}/charter/+1", "no sign"),
        "charter-2-32": (f"c/{channel}/charter/4294967296", "more than 32 bits"),
        "level-5": (f"c/{channel}/p/{log}/5-0", "no such level"), "level-two-digits": (f"c/{channel}/p/{log}/00-0", "one digit"),
        "index-above": (f"c/{channel}/p/{log}/4-256", "beyond the last item of a log"),
        "index-above-0": (f"c/{channel}/p/{log}/0-1048576", "beyond the last item of a log"),
        "index-leading-zero": (f"c/{channel}/p/{log}/1-07", "no leading zeros"),
        "index-missing": (f"c/{channel}/p/{log}/1-", "no index"), "short-log": (f"c/{channel}/p/{log[:-2]}/0-0", "30 digits"),
        "short-stream": (f"c/{channel}/live/{stream[:-2]}", "30 digits"), "long-stream": (f"c/{channel}/live/{stream}00", "34 digits"),
        "stream-upper-case": (f"c/{channel}/live/{stream.upper()}", "lower case only"),
        "stream-missing": (f"c/{channel}/live/", "no stream"), "live-folder": (f"c/{channel}/live", "a folder is no object"),
        "below-stream": (f"c/{channel}/live/{stream}/0", "nothing stands below an edge"),
        "room-long": (f"c/{channel}/r/{blob}/notes", "only the first half of a room's ID"),
        "sheaf-short": (f"c/{channel}/r/{stream}/{blob[:22]}", "22 digits"), "sheaf-upper-case": (f"c/{channel}/r/{stream}/{blob[:22].upper()}AA", "lower case only"),
        "room-folder": (f"c/{channel}/r/{stream}", "a folder is no object"), "room-other": (f"c/{channel}/r/{stream}/days", "what only nodes answer is no object"),
        "other-folder": (f"c/{channel}/q/{log}/0-0", "no such folder"), "only-folder": (f"c/{channel}", "a folder is no object"),
        "other-shelf": (f"b/{'00' if blob[:2] != '00' else '01'}/{blob}", "the shelf is the first two digits"),
        "short-blob": (f"b/{blob[:2]}/{blob[:-1]}", "63 digits"), "blob-suffix": (f"b/{blob[:2]}/{blob}.p", "no such suffix"),
        "part-short": (f"b/{blob[:2]}/{blob}.400", "8 digits"), "part-upper-case": (f"b/{blob[:2]}/{blob}.0000040A", "lower case only"),
        "plain-title": ("Rain in Almaty.mp4", "not in the tree"), "bidi": (f"c/{channel}/head\u202e", "hidden direction marks"),
    }
    for name, (path, why) in bad.items():
        book.case(f"refused-{name}", why, "bad-path", path=path)
    return book


def archives() -> Book:
    book = Book("archive", "Archives, and what can be read of a damaged one.")
    ok = lambda name, why, data, **more: book.case(name, why, archive=data, **more)
    bad = lambda name, why, expect, data: book.case(name, why, expect, archive=data)
    channel, blob = CHANNEL.hex(), seed("blob").hex()
    front = b"LEA" + u(1, 1)
    head_entry = entry(f"c/{channel}/head", standard_head())
    pack_entry = entry(f"c/{channel}/p/{aida(0).log().hex()}/0-0", b"no pack at all")
    blob_path = f"b/{blob[:2]}/{blob}"
    blob_entry = entry(blob_path, b"no blob either")
    whole = front + head_entry + pack_entry + blob_entry
    ok("archive", "objects are not looked at here", whole)
    ok("empty", "no entry", front)
    ok("empty-object", "no byte", front + entry(blob_path, b""))
    ok("parts-and-outboards", "every kind of path", front + b"".join(
        entry(path, b"x") for path in (f"c/{channel}/charter/1", f"c/{channel}/fork/{aida(0).log().hex()}",
                                       f"{blob_path}.o", f"{blob_path}.00000400")))
    ok("twice", "both are given", front + blob_entry + blob_entry)
    for name, path in (("climb", "../../.bashrc"), ("absolute", f"/{blob_path}"), ("unknown", f"c/{channel}/live/1"),
                       ("other-shelf", f"b/00/{'11' * 32}"), ("not-utf8", "caf\u00e9"), ("path-128", "x" * 128)):
        ok(f"path-{name}", "no path of the tree, passed over", front + entry(path, b"abc") + blob_entry)
    for name, path, length in (("head", f"c/{channel}/head", 32_769), ("charter", f"c/{channel}/charter/1", 65_537)):
        ok(f"{name}-too-long", "passed over", front + blob_entry + entry(path, b"", length=length), zeros=length)
        ok(f"{name}-longest", "as long as it may be", front + entry(path, b"", length=length - 1), zeros=length - 1)
    ok("pack-too-long", "a length that no pack has, and nothing behind it",
       front + entry(f"c/{channel}/p/{aida(0).log().hex()}/0-0", b"", length=53 + 2 + 1_202 + 12 + 262_144 + 1))
    ok("blob-too-long", "4 GiB", front + entry(blob_path, b"", length=4 << 30))
    ok("length-vast", "the largest number", front + blob_entry + entry(blob_path, b"", length=2**64 - 1))
    ok("path-length-0", "nothing can be read behind it", front + blob_entry + u(2, 0) + blob_entry)
    ok("path-length-129", "nothing can be read behind it", front + blob_entry + entry("x" * 129, b"") + blob_entry)
    ok("zeros-behind", "as a disk leaves them", whole, zeros=4096)
    for cut in (1, 5, 20, len(head_entry) - 1):
        ok(f"cut-{cut}", "within the second entry", front + pack_entry + head_entry[:cut])
    bad("nothing", "no byte", "truncated", b"")
    bad("three-letters", "no version", "truncated", b"LEA")
    bad("zip", "another kind of file", "bad-magic", b"PK" + bytes(20))
    bad("pack", "a pack is no archive", "bad-magic", b"LEP" + u(1, 1))
    bad("version-2", "a newer one", "newer-version", b"LEA" + u(1, 2) + blob_entry)
    return book


def entry(path: str, data: bytes, length: int | None = None) -> bytes:
    """Returns an entry of an archive, perhaps with another length than it has."""
    raw = path.encode("latin-1")
    return u(2, len(raw)) + raw + u(8, len(data) if length is None else length) + data
