"""Reconciling notes (docs/spec/reconcile.md): elements, symbols, and how they are taken apart."""

import math
from collections import defaultdict
from dataclasses import dataclass, field

from .hashes import keyed, labelled
from .limits import RECONCILE_STEPS_MAX, RECONCILE_SYMBOLS_MAX
from .refusal import require

SYMBOL_BYTES = 17
WORD = 2**64


def mixed(state: int) -> int:
    z = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 % WORD
    return (z ^ z >> 27) * 0x94D049BB133111EB % WORD


def indices(short: int):
    """Yields the symbols that a note is part of, all of them."""
    state, index = short, 0
    while index < RECONCILE_SYMBOLS_MAX:
        yield index
        state = (state + 0x9E3779B97F4A7C15) % WORD
        drawn = 2 * (mixed(state) >> 34) + 1
        index = smallest(ceiling((index + 1) * (index + 2) << 31, drawn))


def ceiling(dividend: int, divisor: int) -> int:
    return -(-dividend // divisor)


def smallest(product: int) -> int:
    """Returns the smallest n of which (n + 1)(n + 2) reaches the product, found from the definition."""
    n = max(math.isqrt(product) - 3, 0)
    while (n + 1) * (n + 2) < product:
        n += 1
    return n


@dataclass
class Symbol:
    shorts: int = 0
    checks: int = 0
    count: int = 0

    def put(self, short: int, check: int, count: int) -> None:
        self.shorts ^= short
        self.checks ^= check
        self.count = (self.count + count) % 256

    def is_empty(self) -> bool:
        return (self.shorts, self.checks, self.count) == (0, 0, 0)

    def bytes(self) -> bytes:
        return self.shorts.to_bytes(8, "little") + self.checks.to_bytes(8, "little") + bytes([self.count])


def symbol(data: bytes) -> Symbol:
    return Symbol(int.from_bytes(data[:8], "little"), int.from_bytes(data[8:16], "little"), data[16])


class Salted:
    """The hashes of one session."""

    def __init__(self, salt: bytes):
        self.short_key, self.check_key = labelled("reconcile short", salt), labelled("reconcile check", salt)

    def short(self, note: bytes) -> int:
        return int.from_bytes(keyed(self.short_key, note)[:8], "little")

    def check(self, short: int) -> int:
        return int.from_bytes(keyed(self.check_key, short.to_bytes(8, "little"))[:8], "little")


def encode(salt: bytes, notes: list[bytes], end: int) -> list[Symbol]:
    """Returns the first symbols of some notes."""
    session, symbols = Salted(salt), [Symbol() for _ in range(end)]
    for short in map(session.short, notes):
        for index in indices(short):
            if index >= end:
                break
            symbols[index].put(short, session.check(short), 1)
    return symbols


@dataclass
class Asker:
    """Takes symbols, one after the other, and keeps what remains of them."""

    salt: bytes
    notes: list[bytes]
    theirs: set[int] = field(default_factory=set)
    ours: set[int] = field(default_factory=set)
    steps: int = 0

    def __post_init__(self):
        self.session = Salted(self.salt)
        self.own = {self.session.short(note): note for note in self.notes}
        self.symbols: list[Symbol] = []
        # What is still to be taken out of symbols to come: (short ID, check, count, the indices that are left, whether it is a difference).
        self.waiting = defaultdict(list)
        for short in self.own:
            self.wait(short, self.session.check(short), -1, indices(short), False)

    def wait(self, short: int, check: int, count: int, left, is_found: bool) -> None:
        """Takes a note out of the symbols that are here, and lets it wait for the next one."""
        for index in left:
            if index >= len(self.symbols):
                self.waiting[index].append((short, check, count, left, is_found))
                return
            self.take_out(index, short, check, count, is_found)

    def take_out(self, index: int, short: int, check: int, count: int, is_found: bool) -> None:
        self.symbols[index].put(short, check, count)
        self.steps += is_found
        require(self.steps <= RECONCILE_STEPS_MAX, "too-many", "steps")

    def take(self, data: bytes) -> bool:
        """Takes one symbol; tells whether everything is known."""
        index = len(self.symbols)
        self.symbols.append(symbol(data))
        for short, check, count, left, is_found in self.waiting.pop(index, []):
            self.take_out(index, short, check, count, is_found)
            self.wait(short, check, count, left, is_found)
        self.take_apart(index)
        if not self.symbols[0].is_empty():
            return False
        require(all(one.is_empty() for one in self.symbols), "bad-value", "more is left than the first symbol tells")
        return True

    def take_apart(self, index: int) -> None:
        """Looks for single notes, at first in one symbol, then in those that each of them was part of."""
        looked_at = [index]
        while looked_at:
            one = self.symbols[looked_at.pop()]
            short, check, count = one.shorts, one.checks, one.count
            if count not in (1, 255) or self.session.check(short) != check:
                continue
            require(short not in self.theirs and short not in self.ours, "bad-value", "a note twice")
            require((short in self.own) == (count == 255), "bad-value", "a note on the wrong side")
            (self.theirs if count == 1 else self.ours).add(short)
            looked_at += [place for place in indices(short) if place < len(self.symbols)]
            self.wait(short, check, -1 if count == 1 else 1, indices(short), True)


def reconcile(salt: bytes, notes: list[bytes], data: bytes) -> tuple[Asker, bool]:
    """Takes symbols until everything is known, or they end; tells which."""
    asker = Asker(salt, notes)
    for start in range(0, len(data), SYMBOL_BYTES):
        require(start // SYMBOL_BYTES < RECONCILE_SYMBOLS_MAX, "too-many", "symbols")
        require(start + SYMBOL_BYTES <= len(data), "truncated")
        if asker.take(data[start:start + SYMBOL_BYTES]):
            return asker, True
    require(len(asker.symbols) < RECONCILE_SYMBOLS_MAX, "too-many", "symbols")
    return asker, False
