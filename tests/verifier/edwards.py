"""Strict Ed25519 verification in plain Python: the cofactorless equation, S < L, neither key nor R of small order.

Written out because libraries differ in exactly these corners (which encodings they accept, which equation they use),
and this is the place that must be sure. Far too slow and not constant-time: for tests, and only for verification.
"""

import functools
import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)

# Points are (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z.
IDENTITY = (0, 1, 1, 0)


def add(a, b):
    e1 = (a[1] - a[0]) * (b[1] - b[0]) % P
    e2 = (a[1] + a[0]) * (b[1] + b[0]) % P
    e3 = 2 * a[3] * b[3] * D % P
    e4 = 2 * a[2] * b[2] % P
    e, f, g, h = e2 - e1, e4 - e3, e4 + e3, e2 + e1
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def negate(a):
    return (-a[0] % P, a[1], a[2], -a[3] % P)


def multiply(scalar: int, point):
    result = IDENTITY
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def is_identity(a) -> bool:
    return a[0] % P == 0 and (a[1] - a[2]) % P == 0


def recover_x(y: int, sign: int) -> int | None:
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    return P - x if x & 1 != sign else x


def decode(raw: bytes):
    """Returns the point of a canonical encoding (RFC 8032, 5.1.3), or None."""
    value = int.from_bytes(raw, "little")
    sign, y = value >> 255, value & (2**255 - 1)
    if y >= P:
        return None
    x = recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


def encode(a) -> bytes:
    inverse = pow(a[2], P - 2, P)
    x, y = a[0] * inverse % P, a[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = decode((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def small_order_encodings() -> frozenset[bytes]:
    """Returns every 32-byte string that a lenient decoder takes for a point of order 1, 2, 4 or 8."""
    found = set()
    y = 2
    while True:
        point = decode(y.to_bytes(32, "little"))
        if point is not None:
            torsion = multiply(L, point)
            if not is_identity(multiply(4, torsion)):
                break
        y += 1
    for factor in range(8):
        canonical = int.from_bytes(encode(multiply(factor, torsion)), "little")
        y = canonical & (2**255 - 1)
        for value in (y, y + P):
            if value < 2**255:
                found.update((value | sign << 255).to_bytes(32, "little") for sign in (0, 1))
    return frozenset(found)


SMALL_ORDER = small_order_encodings()

@functools.lru_cache(maxsize=None)
def is_acceptable_key(raw: bytes) -> bool:
    """Tells whether 32 bytes are the canonical encoding of a curve point that is not of small order."""
    return raw not in SMALL_ORDER and decode(raw) is not None


@functools.lru_cache(maxsize=65_536)
def verify(key: bytes, message: bytes, signature: bytes) -> bool:
    """Checks a signature strictly; the key must be acceptable too."""
    if len(signature) != 64 or not is_acceptable_key(key):
        return False
    nonce, scalar = signature[:32], int.from_bytes(signature[32:], "little")
    if scalar >= L or nonce in SMALL_ORDER:
        return False
    challenge = int.from_bytes(hashlib.sha512(nonce + key + message).digest(), "little") % L
    # R = S·B − k·A, compared as bytes: no cofactor, and only R's canonical encoding can be equal.
    return encode(add(multiply(scalar, BASE), negate(multiply(challenge, decode(key))))) == nonce
