"""Labelled BLAKE3 hashes and the messages that are signed (docs/spec/README.md, "Conventions")."""

from blake3 import blake3

PREFIX = b"longear 1 "


def plain(data: bytes) -> bytes:
    """Returns the plain BLAKE3 hash, by which payloads and blobs are named."""
    return blake3(data).digest()


def labelled(label: str, data: bytes) -> bytes:
    """Returns H(label, data)."""
    return plain(PREFIX + label.encode() + b"\0" + data)


def message(label: str, context: bytes, data: bytes) -> bytes:
    """Returns M(label, context, data)."""
    assert len(context) == 32
    return PREFIX + label.encode() + b"\0" + context + data


def keyed(key: bytes, data: bytes) -> bytes:
    """Returns the BLAKE3 hash keyed with 32 bytes."""
    return blake3(data, key=key).digest()


def log_id(channel: bytes, key: bytes, incarnation: int) -> bytes:
    """Returns the 16-byte log ID of an opening (docs/spec/charter.md)."""
    return labelled("log", channel + key + incarnation.to_bytes(8, "little"))[:16]
