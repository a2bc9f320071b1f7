"""Vectors of outboards and group hashes."""

from . import outboard
from .book import Book
from .cases import content
from .forge import seed
from .hashes import plain
from .limits import GROUP_BYTES
from .outboard import BLOCK_BYTES
from .subtree import chaining_value
from .world import flipped

SIZES = (0, 1, 1024, 1025, BLOCK_BYTES, BLOCK_BYTES + 1, 2 * BLOCK_BYTES, 3 * BLOCK_BYTES - 1, 5 * BLOCK_BYTES + 7, 100_000)


def outboards() -> Book:
    book = Book("outboard", "Outboards and group hashes of a blob whose byte i is i modulo 251.")
    for size in SIZES:
        book.case(f"write-{size}", "hash and outboard", op="write", size=size)
    for size in (GROUP_BYTES - 1, GROUP_BYTES, GROUP_BYTES + 1, 3 * GROUP_BYTES):
        book.case(f"write-{size}", "groups from 1 MiB on", op="write", size=size)
    checks(book)
    ranges(book)
    lacking(book)
    groups(book)
    return book


def checks(book: Book) -> None:
    size = 5 * BLOCK_BYTES + 7
    blob, good = plain(content(0, size)), outboard.write(content(0, size))

    def check(name: str, why: str, expect: str, data: bytes, **changes) -> None:
        book.case(f"check-{name}", why, expect, op="check", **({"size": size, "blob": blob} | changes), outboard=data)

    check("good", "six blocks, five pairs", "accepted", good)
    check("none", "a blob of one block has an empty outboard", "accepted", b"", size=BLOCK_BYTES, blob=plain(content(0, BLOCK_BYTES)))
    for pair in range(5):
        check(f"flipped-{pair}", f"one bit in pair {pair}", "hash-mismatch", flipped(good, 64 * pair + 40))
    check("swapped", "left and right of the first pair", "hash-mismatch", good[32:64] + good[:32] + good[64:])
    check("other-blob", "the hash of another blob", "hash-mismatch", good, blob=seed("blob"))
    check("cut", "a byte is missing", "truncated", good[:-1])
    check("pair-missing", "a pair is missing", "truncated", good[:-64])
    check("trailing", "a byte too many", "trailing-bytes", good + b"\0")
    check("length-prefix", "no length stands before the pairs", "trailing-bytes", size.to_bytes(8, "little") + good)
    check("for-one-block", "a blob of one block has none", "trailing-bytes", good[:64], size=BLOCK_BYTES)
    check("other-size", "a block fewer", "trailing-bytes", good, size=5 * BLOCK_BYTES)
    check("post-order", "parents come before their children", "hash-mismatch", b"".join(good[64 * pair:64 * pair + 64] for pair in (2, 3, 1, 4, 0)))


def ranges(book: Book) -> None:
    size = 5 * BLOCK_BYTES + 7
    blob, good = plain(content(0, size)), outboard.write(content(0, size))

    def part(name: str, why: str, expect: str, start: int, length: int, *places: int, good_bytes: int | None = None) -> None:
        result = None if good_bytes is None else {"good": good_bytes}
        book.case(f"range-{name}", why, expect, result, op="range", size=size, blob=blob, outboard=good, start=start, length=length,
                  flipped=list(places))

    part("whole", "all of it", "accepted", 0, size, good_bytes=size)
    part("middle", "two blocks", "accepted", 2 * BLOCK_BYTES, 2 * BLOCK_BYTES, good_bytes=2 * BLOCK_BYTES)
    part("last", "the last block is short", "accepted", 5 * BLOCK_BYTES, 7, good_bytes=7)
    part("ragged", "what is no whole block cannot be checked", "accepted", BLOCK_BYTES, BLOCK_BYTES + 100, good_bytes=BLOCK_BYTES)
    part("flipped", "one bit", "hash-mismatch", 0, size, 3 * BLOCK_BYTES)
    part("flipped-last", "one bit of the last byte", "hash-mismatch", 4 * BLOCK_BYTES, BLOCK_BYTES + 7, size - 1)
    part("flipped-behind", "a bit in what cannot be checked yet", "accepted", BLOCK_BYTES, BLOCK_BYTES + 100, 2 * BLOCK_BYTES + 5,
         good_bytes=BLOCK_BYTES)
    part("beyond", "the blob ends before", "bad-value", 5 * BLOCK_BYTES, 8)
    for name, expect, places in (("small", "accepted", []), ("small-flipped", "hash-mismatch", [99])):
        book.case(f"range-{name}", "a blob of one block is checked by its hash alone", expect, op="range", size=100,
                  blob=plain(content(0, 100)), outboard=b"", start=0, length=100, flipped=places)
    part("unaligned", "a range begins at a whole block", "bad-value", 100, BLOCK_BYTES)


def lacking(book: Book) -> None:
    """A holder of a part writes zeros for the slices that it does not know."""
    size = 2 * GROUP_BYTES + 2 * BLOCK_BYTES
    data = content(0, size)
    blob, good = plain(data), outboard.write(data)
    # Two nodes stand above the groups; then come the slices, 63 nodes each but for the last, which has one.
    zeros = good[:128] + bytes(4_032) + good[128 + 4_032:]
    case = lambda name, why, expect, held, start, length, *places, **more: book.case(
        f"lacking-{name}", why, expect, op="range", size=size, blob=blob, outboard=held, start=start, length=length, flipped=list(places), **more)
    case("other-group", "group 1 is checked though the slice of group 0 is zeros", "accepted", zeros, GROUP_BYTES, 3 * BLOCK_BYTES,
         result={"good": 3 * BLOCK_BYTES})
    case("other-group-flipped", "one bit in group 1", "hash-mismatch", zeros, GROUP_BYTES, 3 * BLOCK_BYTES, GROUP_BYTES + 5)
    case("this-group", "group 0 cannot be checked", "accepted", zeros, 0, BLOCK_BYTES, result={"good": 0})
    case("upper", "the nodes above the groups are never left out", "hash-mismatch", bytes(128) + good[128:], GROUP_BYTES, BLOCK_BYTES)
    book.case("check-lacking", "with zeros it is no whole outboard", "hash-mismatch", op="check", size=size, blob=blob, outboard=zeros)


def groups(book: Book) -> None:
    size = 3 * GROUP_BYTES
    data = content(0, size)
    blob, good = plain(data), outboard.write_groups(data)

    def check(name: str, why: str, expect: str, values: list[bytes], **changes) -> None:
        book.case(f"groups-{name}", why, expect, op="groups", **({"size": size, "blob": blob} | changes), groups=values)

    check("good", "three groups", "accepted", good)
    check("swapped", "two groups in each other's place", "hash-mismatch", [good[1], good[0], good[2]])
    check("flipped", "one bit", "hash-mismatch", [good[0], good[1], flipped(good[2], 0)])
    check("hashes", "plain hashes of the groups are no chaining values", "hash-mismatch",
          [plain(data[start:start + GROUP_BYTES]) for start in range(0, size, GROUP_BYTES)])
    one = content(0, GROUP_BYTES)
    check("one", "the value of the only group is the blob's hash", "accepted", [plain(one)], size=GROUP_BYTES, blob=plain(one))
    check("one-not-root", "and not its value as a part of something larger", "hash-mismatch", [chaining_value(one, 0)],
          size=GROUP_BYTES, blob=plain(one))
    check("too-few", "the size says three", "not-canonical", good[:2])
    check("too-many", "the size says three", "not-canonical", [*good, good[2]])
    single = data[:GROUP_BYTES]
    check("single", "the value of an only group is the hash of the blob", "accepted", [plain(single)], size=GROUP_BYTES, blob=plain(single))
    check("single-inner", "its value inside a larger blob", "hash-mismatch", good[:1], size=GROUP_BYTES, blob=plain(single))
