"""Channel addresses and digits (docs/spec/address.md)."""

import re

from .hashes import labelled
from .limits import HINT_BYTES_MAX, HINTS_MAX
from .refusal import Refused, require

ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def checksum(channel: bytes) -> int:
    return labelled("address", channel)[0] >> 4


def write(channel: bytes, hints: list[str] | None = None) -> str:
    """Returns the address of a channel, with hints if there are any."""
    bits = int.from_bytes(channel, "big") << 4 | checksum(channel)
    text = "longear:" + "".join(ALPHABET[bits >> shift & 31] for shift in range(255, -1, -5))
    for place, hint in enumerate(hints or []):
        text += "?at=" if place == 0 else "&at="
        text += "".join(chr(byte) if byte in UNRESERVED else f"%{byte:02X}" for byte in hint.encode())
    return text


def read(text: str) -> tuple[bytes, list[str]]:
    """Returns the channel ID and the hints of an address."""
    text = re.sub(r"[ \t\r\n]", "", text)
    require(text[:8].lower() == "longear:" and text[:8].isascii(), "bad-magic", "no longear: at the start")
    body, _, query = text[8:].partition("?")
    bits = 0
    for character in body[:52]:
        value = ALPHABET.find(character.lower()) if character.isascii() else -1
        require(value >= 0, "bad-value", f"{character!r} is no base32")
        bits = bits << 5 | value
    require(len(body) >= 52, "truncated", f"{len(body)} of 52 characters")
    require(len(body) == 52, "trailing-bytes", f"{len(body)} of 52 characters")
    channel = (bits >> 4).to_bytes(32, "big")
    require(bits & 15 == checksum(channel), "bad-checksum")
    return channel, read_hints(query)


def read_hints(query: str) -> list[str]:
    """Returns the values of `at`; parameters of other names are ignored."""
    hints = []
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if name != "at":
            continue
        require(len(hints) < HINTS_MAX, "too-many", "hints")
        hints.append(decode_percent(value))
    return hints


def decode_percent(value: str) -> str:
    require(re.search(r"%(?![0-9A-Fa-f]{2})", value) is None, "bad-value", "a % without two hexadecimal digits")
    raw = re.sub(rb"%([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), value.encode())
    require(len(raw) <= HINT_BYTES_MAX, "too-long", "hint")
    require(raw != b"", "bad-value", "empty hint")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("not-utf8", "hint") from None


def digits(channel: bytes) -> str:
    """Returns the thirty digits in six groups."""
    number = int.from_bytes(labelled("digits", channel)[:16], "little") % 10**30
    plain = f"{number:030d}"
    return " ".join(plain[start:start + 5] for start in range(0, 30, 5))
