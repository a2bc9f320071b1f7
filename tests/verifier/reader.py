"""A cursor over the bytes of one object: every field is checked when it is read, before the next one is."""

from . import edwards
from .limits import NUMBER_END, TLV_BYTES_MAX
from .refusal import require


class Reader:
    """Reads the fields of one object in sequence."""

    def __init__(self, data: bytes, bytes_max: int | None = None):
        if bytes_max is not None:
            require(len(data) <= bytes_max, "too-long", f"{len(data)} bytes, at most {bytes_max}")
        self.data = data
        self.position = 0

    def left(self) -> int:
        return len(self.data) - self.position

    def take(self, count: int) -> bytes:
        require(count <= self.left(), "truncated", f"{count} bytes wanted at {self.position}, {self.left()} left")
        self.position += count
        return self.data[self.position - count:self.position]

    def number(self, width: int) -> int:
        return int.from_bytes(self.take(width), "little")

    def u8(self) -> int:
        return self.number(1)

    def u16(self) -> int:
        return self.number(2)

    def u32(self) -> int:
        return self.number(4)

    def u64(self) -> int:
        return self.number(8)

    def below(self, end: int, width: int = 8) -> int:
        """Reads a number that must be below `end`."""
        value = self.number(width)
        require(value < end, "bad-value", f"{value} is not below {end}")
        return value

    def time(self) -> int:
        return self.below(NUMBER_END)

    def count(self, width: int, most: int, least: int = 0) -> int:
        """Reads the count of a list."""
        value = self.number(width)
        require(value <= most, "too-many", f"{value}, at most {most}")
        require(value >= least, "bad-value", f"{value}, at least {least}")
        return value

    def text(self, most: int, least: int = 0) -> str:
        length = self.u32()
        require(length <= most, "too-long", f"{length} bytes, at most {most}")
        raw = self.take(length)
        try:
            value = raw.decode("utf-8")
        except UnicodeDecodeError:
            value = None
        require(value is not None, "not-utf8")
        require(length >= least, "bad-value", "empty text")
        return value

    def key(self) -> bytes:
        """Reads a public key and refuses weak ones."""
        raw = self.take(32)
        require(edwards.is_acceptable_key(raw), "weak-key", raw.hex())
        return raw

    def magic(self, letters: bytes) -> None:
        require(self.take(3) == letters, "bad-magic")
        self.version()

    def version(self) -> None:
        require(self.u8() == 1, "newer-version")

    def tlv(self) -> bytes:
        """Reads a block of extensions; version 1 defines none, so only unknown odd types pass."""
        length = self.u16()
        require(length <= TLV_BYTES_MAX, "too-long", f"TLV of {length} bytes")
        block = Reader(self.take(length))
        before = -1
        while block.left():
            kind = block.u16()
            require(kind > before, "not-canonical", "TLV types ascend")
            require(kind % 2 == 1, "unknown-tlv", str(kind))
            block.take(block.u16())
            before = kind
        return block.data

    def end(self) -> None:
        require(self.left() == 0, "trailing-bytes", f"{self.left()} bytes")


def ascends(before: bytes | None, now: bytes) -> None:
    """Refuses a list entry that does not stand strictly above the one before."""
    require(before is None or before < now, "not-canonical", "entries ascend strictly")
