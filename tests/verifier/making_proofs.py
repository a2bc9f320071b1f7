"""Vectors of closing roots, inclusion proofs, fork proofs, and of bare signatures."""

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from . import closing, edwards
from .book import Book
from .edwards import BASE, SMALL_ORDER, L, P
from .forge import Signer, fork, seed, u
from .hashes import labelled
from .world import BOLAT, CHANNEL, DELEGATES, aida, flipped

COUNTS = (*range(21), 63, 64, 65)


def closings() -> Book:
    items = [seed(f"item {number}") for number in range(65)]
    book = Book("closing", "Closing roots over the first `count` of `items`, inclusion proofs, fork proofs.",
                items=[item.hex() for item in items])
    for count in COUNTS:
        book.case(f"root-{count}", "a root over so many items", op="root", count=count)
    for count, seq in ((1, 0), (2, 0), (2, 1), (3, 2), (7, 4), (8, 7), (13, 12), (20, 16), (65, 64), (65, 0)):
        proof = closing.prove(items[:count], seq)
        book.case(f"proof-{seq}-of-{count}", "siblings from the leaf upwards", op="prove", count=count, seq=seq)
        checked(book, items, f"check-{seq}-of-{count}", "the same proof, checked", "accepted", count, seq, b"".join(proof))
    bad_proofs(book, items)
    forks(book)
    return book


def checked(book: Book, items, name: str, why: str, expect: str, count: int, seq: int, proof: bytes, **changes) -> None:
    fields = {"id": items[seq % 65], "root": closing.root(items[:min(count, 65)])} | changes
    book.case(name, why, expect, op="check", count=count, seq=seq, proof=proof, **fields)


def bad_proofs(book: Book, items: list[bytes]) -> None:
    proof = closing.prove(items[:13], 5)
    joined = b"".join(proof)
    bad = lambda name, why, count, seq, data, **changes: checked(book, items, f"proof-{name}", why, "bad-proof", count, seq, data, **changes)
    bad("flipped", "one bit", 13, 5, flipped(joined, 40))
    bad("short", "a sibling is missing", 13, 5, joined[:-32])
    bad("long", "a sibling too many", 13, 5, joined + bytes(32))
    bad("ragged", "a byte too many", 13, 5, joined + b"\0")
    bad("empty", "no sibling at all", 13, 5, b"")
    bad("reversed", "from the root downwards", 13, 5, b"".join(proof[::-1]))
    bad("other-seq", "the proof of another place", 13, 4, joined, id=items[5])
    bad("other-item", "another item at that place", 13, 5, joined, id=items[6])
    bad("other-root", "the root of more items", 13, 5, joined, root=closing.root(items[:14]))
    bad("other-count", "the same path in a tree of another size, whose proofs are longer", 20, 5, joined, root=closing.root(items[:13]))
    bad("beyond", "seq is not below the count", 13, 13, joined)
    bad("last-as-next", "the path of the last item fits no seq behind it", 13, 13, b"".join(closing.prove(items[:13], 12)), id=items[12])
    bad("of-nothing", "an empty log has no items", 0, 0, b"", root=bytes(32))
    bad("seq-2-63", "a seq of 2⁶³", 13, 2**63, joined)
    bad("count-2-63", "a count of 2⁶³", 2**63, 5, joined)
    bad("leaf-as-root", "one item is hashed too", 1, 0, b"", root=items[0])
    inner = closing.node(closing.leaf(items[0]), closing.leaf(items[1]))
    bad("node-as-item", "an inner node does not pass for an item", 2, 0, b"".join(closing.prove(items[:4], 0)[1:]), id=inner,
        root=closing.root(items[:4]))
    unkeyed = seed("plain tree")
    bad("unkeyed", "a root that is no root of this tree", 13, 5, joined, root=unkeyed)


def forks(book: Book) -> None:
    log = aida(4)
    other = log.branch(2)
    other.write(b"another", kind=70)
    other.write(b"built on it", kind=70)
    a, b = sorted((log.datas[2], other.datas[2]), key=id_of)
    proof = fork(log, a, b)

    def forked(name: str, why: str, expect: str, data: bytes, **more) -> None:
        known = {"channel": CHANNEL, "delegates": DELEGATES} | more
        book.case(f"fork-{name}", why, expect, op="fork", fork=data, **known)

    forked("same-seq", "two items with one seq", "accepted", proof)
    linked = fork(log, log.datas[2], other.datas[3])
    forked("not-linked", "B follows A by seq, but does not name it", "accepted", linked)
    forked("descends", "IDs descend", "not-canonical", fork(log, b, a))
    forked("twice-the-same", "one header twice", "not-a-fork", fork(log, a, a))
    forked("linked", "B names A", "not-a-fork", fork(log, log.datas[2], log.datas[3]))
    forked("far", "seq 0 and seq 2", "not-a-fork", fork(log, log.datas[0], log.datas[2]))
    forked("backwards", "seq of A is one above that of B", "not-a-fork", fork(log, other.datas[3], log.datas[2]))
    bad_a = flipped(a, -1)
    pair = sorted((bad_a, b), key=id_of)
    forked("badly-signed", "one signature is wrong: anybody could write such a fork", "bad-signature", fork(log, *pair))
    forked("two-logs", "headers of two incarnations", "wrong-log", fork(log, log.datas[2], aida(3, 8).datas[2]))
    forked("unknown-key", "a key that no charter lists", "unknown-key", proof, delegates=[BOLAT.key])
    forked("weak-key", "a key of small order", "weak-key", fork(log, a, b, key=u(32, 1)))
    forked("empty", "no bytes", "truncated", b"")
    forked("cut", "the last byte is missing", "truncated", proof[:-1])
    forked("trailing", "a byte too many", "trailing-bytes", proof + b"\0")
    forked("magic", "the magic of a head", "bad-magic", fork(log, a, b, magic=b"LEH"))
    forked("version-2", "a newer version", "newer-version", fork(log, a, b, version=2))
    forked("length-1203", "longer than any header", "too-long", fork(log, a, b, length=1203))
    forked("length-short", "A is cut by its length", "truncated", fork(log, a, b, length=177))
    forked("length-long", "A has a byte of B", "trailing-bytes", fork(log, a, b, length=179))
    later = fork(log, log.datas[3], other.datas[3]) if log.id(3) < other.id(3) else fork(log, other.datas[3], log.datas[3])
    for name, why, one, two, winner in (("seq", "the lower seq of A", later, proof, "b"),
                                        ("bytes", "equal seqs: the smaller bytes", min(proof, linked), max(proof, linked), "a")):
        book.case(f"fork-winner-{name}", why, result={"winner": winner}, op="fork-winner", channel=CHANNEL, delegates=DELEGATES, a=one, b=two)


def id_of(raw: bytes) -> bytes:
    return labelled("item", raw)


def signatures() -> Book:
    book = Book("signature", "Bare Ed25519 signatures, checked strictly.")
    rfc_8032(book)
    good_key = Signer("signature")
    message = b"a message"
    signature = good_key.sign(message)
    simple(book, good_key, message, signature)
    weak_keys(book)
    weak_nonces(book)
    mixed_orders(book)
    return book


def checked_signature(book: Book, name: str, why: str, expect: str, key: bytes, message: bytes, signature: bytes) -> None:
    book.case(name, why, expect, key=key, message=message, signature=signature)
    if expect == "accepted":
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
        except InvalidSignature:
            raise SystemExit(f"signature: {name}: another library refuses it") from None


def rfc_8032(book: Book) -> None:
    """Adds the first three test vectors of RFC 8032, 7.1."""
    for name, key, message, signature in (
        ("rfc-8032-1", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
        ("rfc-8032-2", "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
        ("rfc-8032-3", "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
    ):
        checked_signature(book, name, "RFC 8032, 7.1", "accepted", *(bytes.fromhex(one) for one in (key, message, signature)))


def simple(book: Book, signer: Signer, message: bytes, signature: bytes) -> None:
    scalar = int.from_bytes(signature[32:], "little")
    case = lambda name, why, expect, key=signer.key, text=message, data=signature: checked_signature(book, name, why, expect, key, text, data)
    case("plain", "an ordinary signature", "accepted")
    case("other-message", "one bit of the message", "bad-signature", text=flipped(message, 0))
    case("other-key", "another key", "bad-signature", key=Signer("other").key)
    case("flipped-r", "one bit of R", "bad-signature", data=flipped(signature, 3))
    case("flipped-s", "one bit of S", "bad-signature", data=flipped(signature, 33))
    case("s-plus-l", "S + L fulfils the equation and is refused", "bad-signature", data=signature[:32] + u(32, scalar + L))
    case("s-plus-2l", "S + 2L fulfils the equation and is refused", "bad-signature", data=signature[:32] + u(32, scalar + 2 * L))
    case("s-high-bit", "S with its highest bit set", "bad-signature", data=signature[:32] + u(32, scalar | 1 << 255))
    case("zeros", "64 zero bytes", "bad-signature", data=bytes(64))
    case("negated-r", "R with the other sign", "bad-signature", data=flipped(signature, 31, 0x80))
    case("key-no-point", "a key that is no point", "weak-key", key=u(32, 2))
    case("key-not-reduced", "y = 3 written as 3 + p", "weak-key", key=u(32, P + 3))


def weak_keys(book: Book) -> None:
    """Under a key A of small order and R = S·B − k·A, a lenient verifier accepts what nobody signed."""
    for number, key in enumerate(sorted(SMALL_ORDER)):
        message, signature = forged_under(key)
        checked_signature(book, f"small-order-key-{number}", "anybody can sign under this key", "weak-key", key, message, signature)


def forged_under(key: bytes) -> tuple[bytes, bytes]:
    nonce = edwards.encode(edwards.multiply(5, BASE))
    for number in range(1000):
        message = f"forged {number}".encode()
        if int.from_bytes(hashlib.sha512(nonce + key + message).digest(), "little") % L % 8 == 0:
            return message, nonce + u(32, 5)
    raise AssertionError("one in eight messages fits")


def weak_nonces(book: Book) -> None:
    """R of small order: whoever owns the key can make such signatures, and they are refused all the same."""
    secret = int.from_bytes(seed("scalar"), "little") % L
    key = edwards.encode(edwards.multiply(secret, BASE))
    for number, nonce in enumerate(sorted(SMALL_ORDER)):
        challenge = int.from_bytes(hashlib.sha512(nonce + key + b"m").digest(), "little") % L
        signature = nonce + u(32, challenge * secret % L)
        checked_signature(book, f"small-order-r-{number}", "R is of small order", "bad-signature", key, b"m", signature)


def mixed_orders(book: Book) -> None:
    """Keys and nonces with a part of small order: the equation without the cofactor decides."""
    torsion = next(point for raw in sorted(SMALL_ORDER) if (point := edwards.decode(raw)) and not edwards.is_identity(edwards.multiply(4, point)))
    secret, nonce = (int.from_bytes(seed(name), "little") % L for name in ("mixed key", "mixed nonce"))
    mixed_key = edwards.encode(edwards.add(edwards.multiply(secret, BASE), torsion))
    pure_key = edwards.encode(edwards.multiply(secret, BASE))
    pure_nonce = edwards.multiply(nonce, BASE)
    wanted = {"mixed-key-good": True, "mixed-key-cofactor-only": False}
    for name, fits in wanted.items():
        message = next(text for number in range(1000) if (challenge_of(pure_nonce, mixed_key, text := u(2, number)) % 8 == 0) == fits)
        challenge = challenge_of(pure_nonce, mixed_key, message)
        signature = edwards.encode(pure_nonce) + u(32, (nonce + challenge * secret) % L)
        why = "the equation holds without the cofactor" if fits else "the equation holds only after multiplying by 8"
        checked_signature(book, name, why, "accepted" if fits else "bad-signature", mixed_key, message, signature)
    mixed_nonce = edwards.add(pure_nonce, torsion)
    challenge = challenge_of(mixed_nonce, pure_key, b"m")
    checked_signature(book, "mixed-r-cofactor-only", "R has a part of small order that nothing cancels", "bad-signature", pure_key, b"m",
                      edwards.encode(mixed_nonce) + u(32, (nonce + challenge * secret) % L))
    # k·T + T = 0 for k ≡ 7 modulo 8: both parts cancel each other.
    message = next(text for number in range(1000) if challenge_of(mixed_nonce, mixed_key, text := u(2, number)) % 8 == 7)
    challenge = challenge_of(mixed_nonce, mixed_key, message)
    checked_signature(book, "mixed-both-good", "the parts of small order in key and R cancel each other", "accepted", mixed_key, message,
                      edwards.encode(mixed_nonce) + u(32, (nonce + challenge * secret) % L))


def challenge_of(nonce, key: bytes, message: bytes) -> int:
    return int.from_bytes(hashlib.sha512(edwards.encode(nonce) + key + message).digest(), "little") % L
