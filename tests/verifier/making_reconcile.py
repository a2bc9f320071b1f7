"""Vectors of reconciling notes."""

from . import reconcile
from .book import Book
from .cases import notes_of
from .forge import seed
from .limits import RECONCILE_SYMBOLS_MAX
from .reconcile import SYMBOL_BYTES, Symbol

SALT = seed("reconcile")[:16]
OTHER_SALT = seed("another reconcile")[:16]


def reconciliations() -> Book:
    book = Book("reconcile", "Coded symbols of notes, and the differences that they tell.")
    symbols(book)
    differences(book)
    unfinished(book)
    lies(book)
    return book


def symbols(book: Book) -> None:
    case = lambda name, why, notes, start, end, salt=SALT: book.case(
        name, why, op="symbols", salt=salt, notes=notes, **{"from": start, "to": end})
    case("symbols-of-none", "no notes: empty symbols", [], 0, 3)
    case("symbols-of-one", "one note is alone in each of its symbols", [[0, 1]], 0, 40)
    case("symbols-of-100", "more of them", [[0, 100]], 0, 60)
    case("symbols-other-salt", "another salt, other short IDs", [[0, 100]], 0, 20, OTHER_SALT)
    case("symbols-in-the-middle", "from another index on", [[0, 3000]], 990, 1010)
    case("symbols-257", "the count is modulo 256", [[0, 257]], 0, 2)
    case("symbols-at-the-end", "the last ones that there are", [[0, 3000]], RECONCILE_SYMBOLS_MAX - 20, RECONCILE_SYMBOLS_MAX)


def sent(notes: list[list[int]], count: int) -> bytes:
    return b"".join(one.bytes() for one in reconcile.encode(SALT, notes_of(notes), count))


def differences(book: Book) -> None:
    case = lambda name, why, own, other, count: book.case(
        name, why, op="reconcile", salt=SALT, notes=own, symbols=sent(other, count))
    case("both-empty", "nothing to tell", [], [], 1)
    case("equal", "one symbol says so", [[0, 50]], [[0, 50]], 2)
    case("one-of-theirs", "one symbol tells it", [[0, 50]], [[0, 51]], 1)
    case("one-of-ours", "the other way round", [[0, 51]], [[0, 50]], 1)
    case("everything-is-theirs", "the asker has nothing", [], [[0, 20]], 60)
    case("everything-is-ours", "the giver has nothing: its symbols are empty", [[0, 20]], [], 60)
    case("one-of-each", "the counts of two differences cancel out", [[0, 30], [100, 101]], [[0, 30], [200, 201]], 12)
    case("twenty", "ten each", [[0, 300], [1000, 1010]], [[0, 300], [2000, 2010]], 60)
    case("three-hundred", "more of the giver's", [[0, 100], [1000, 1050]], [[0, 100], [2000, 2250]], 480)


def unfinished(book: Book) -> None:
    own, other = [[0, 40], [1000, 1006]], [[0, 40], [2000, 2006]]
    whole = sent(other, 60)
    case = lambda name, why, data, expect="accepted", **more: book.case(
        name, why, expect, op="reconcile", salt=SALT, notes=own, symbols=data, **more)
    case("nothing-came", "no symbol yet", b"")
    case("some-are-known", "too few symbols for all", whole[:10 * SYMBOL_BYTES])
    case("half-a-symbol", "the last one is cut off", whole[:10 * SYMBOL_BYTES + 5], "truncated")
    case("behind-the-end", "what comes when everything is known is not looked at", whole + b"\xff" * 5)
    case("without-end", "empty symbols of a giver that lies: of so many notes it has none",
         riddle(own, [2000, 2010]), "too-many", zeros=(RECONCILE_SYMBOLS_MAX - 1) * SYMBOL_BYTES)


def riddle(own: list[list[int]], strangers: list[int]) -> bytes:
    """Returns a first symbol from which nothing comes out."""
    return laid_on(own, [put(strangers, 1)])


def put(numbers: list[int], count: int, *, false: int = 0) -> Symbol:
    """Returns the sum of numbered notes; `false` spoils its checks."""
    session, one = reconcile.Salted(SALT), Symbol(0, false, 0)
    for short in map(session.short, notes_of([numbers])):
        one.put(short, session.check(short), count)
    return one


def laid_on(own: list[list[int]], lies: list[Symbol]) -> bytes:
    """Returns the asker's own symbols with something laid on each of them, which is what remains."""
    symbols = reconcile.encode(SALT, notes_of(own), len(lies))
    for one, lie in zip(symbols, lies):
        one.put(lie.shorts, lie.checks, lie.count)
    return b"".join(one.bytes() for one in symbols)


def lies(book: Book) -> None:
    own = [[0, 30]]
    case = lambda name, why, remains, expect="bad-value", notes=own: book.case(
        name, why, expect, op="reconcile", salt=SALT, notes=notes, symbols=laid_on(notes, remains))
    first = put([100, 110], 1)
    case("theirs-that-we-have", "a note of both sides is said to be the giver's alone", [first, put([3, 4], 1)])
    case("ours-that-we-lack", "a note that nobody has is said to be the asker's alone", [first, put([200, 201], -1)])
    case("false-check", "one field of a single note is wrong: it is none", [first, put([200, 201], 1, false=1)], "accepted")
    case("false-count", "a single note that is counted twice is none", [first, Symbol(*sum_of([200, 201]), 2)], "accepted")
    case("twice", "a note in a symbol of which it is no part seems to be there again", [put([300, 302], 1)] + [Symbol()] * 39 + [put([300, 301], 1)])
    case("left-over", "the first symbol is empty, another one is not", [put([100, 101], 1), put([110, 115], 1)], "accepted")
    case("left-over-later", "everything is known when the third symbol comes, but the second one holds more",
         [put([100, 102], 1), put([110, 115], 1), put([100, 101], 1)])


def sum_of(numbers: list[int]) -> tuple[int, int]:
    one = put(numbers, 1)
    return one.shorts, one.checks
