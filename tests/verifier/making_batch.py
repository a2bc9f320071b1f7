"""Vectors of signatures that a batch check takes for good now and then, and strict verification never."""

from . import edwards
from .book import Book
from .edwards import BASE, SMALL_ORDER, L
from .forge import seed, u
from .making_proofs import challenge_of

MESSAGES = 3
ABOUT = ("Signatures with a part of small order, which the equation of a batch check loses when its random factor happens to be a multiple of that "
         "order: whether it refuses one depends on what stands beside it. Strict verification refuses all of them.")


def crafted() -> Book:
    book = Book("batch", ABOUT)
    for order in (2, 4, 8):
        torsion = of_order(order)
        for number in range(MESSAGES):
            mixed_nonces(book, order, torsion, number)
            mixed_keys(book, order, torsion, number)
            both(book, order, torsion, number)
        bare_nonce(book, order, torsion)
    weak_key(book)
    return book


def of_order(order: int):
    """Returns the first point of that order, in the sequence of encodings."""
    points = [point for raw in sorted(SMALL_ORDER) if (point := edwards.decode(raw))]
    has = lambda point: edwards.is_identity(edwards.multiply(order, point)) and not edwards.is_identity(edwards.multiply(order // 2, point))
    return next(point for point in points if has(point))


def scalar(label: str) -> int:
    return int.from_bytes(seed("batch " + label), "little") % L


def sign(book: Book, name: str, why: str, key_part, nonce_part, loses, expect: str = "bad-signature") -> None:
    """Signs the first message after which a part of small order is left: `loses` says of a challenge whether none is."""
    secret, nonce = scalar("key " + name), scalar("nonce " + name)
    key = edwards.encode(edwards.add(edwards.multiply(secret, BASE), key_part))
    point = edwards.add(edwards.multiply(nonce, BASE), nonce_part)
    message = next(text for number in range(1000) if not loses(challenge_of(point, key, text := name.encode() + u(2, number))))
    answer = (nonce + challenge_of(point, key, message) * secret) % L
    book.case(name, why, expect, key=key, message=message, signature=edwards.encode(point) + u(32, answer))


def mixed_nonces(book: Book, order: int, torsion, number: int) -> None:
    sign(book, f"r-{order}-{number}", f"R has a part of order {order}", edwards.IDENTITY, torsion, lambda _: False)


def mixed_keys(book: Book, order: int, torsion, number: int) -> None:
    sign(book, f"key-{order}-{number}", f"the key has a part of order {order}", torsion, edwards.IDENTITY, lambda challenge: challenge % order == 0)


def both(book: Book, order: int, torsion, number: int) -> None:
    sign(book, f"both-{order}-{number}", f"key and R have a part of order {order}, which do not cancel each other", torsion, torsion,
         lambda challenge: (challenge + 1) % order == 0)


def bare_nonce(book: Book, order: int, torsion) -> None:
    """R is of small order alone; only the owner of the key can make it."""
    name = f"small-r-{order}"
    secret = scalar(name)
    key = edwards.encode(edwards.multiply(secret, BASE))
    signature = edwards.encode(torsion) + u(32, challenge_of(torsion, key, b"m") * secret % L)
    book.case(name, f"R is of order {order}", "bad-signature", key=key, message=b"m", signature=signature)


def weak_key(book: Book) -> None:
    """Under the identity as key R = S·B signs every message; a batch check that does not look at keys always takes it."""
    nonce = scalar("identity")
    signature = edwards.encode(edwards.multiply(nonce, BASE)) + u(32, nonce)
    book.case("key-identity", "the key is the identity", "weak-key", key=edwards.encode(edwards.IDENTITY), message=b"any", signature=signature)
