"""The newsroom that the vectors speak of: roots, delegates, charters, logs."""

from . import charter
from .forge import Draft, Enrolled, Signer, Writer
from .hashes import labelled

ROOTS = [Signer(f"root {number}") for number in (1, 2, 3)]
NEXT_ROOTS = [Signer(f"next root {number}") for number in (1, 2, 3)]
LATER_ROOTS = [Signer(f"later root {number}") for number in (1, 2, 3)]
STRANGER = Signer("stranger")
AIDA, BOLAT, CHOLPAN, DANIYAR = (Signer(name) for name in ("Aida", "Bolat", "Cholpan", "Daniyar"))


def commitment(threshold: int, roots: list[Signer]) -> bytes:
    return labelled("roots", charter.encode_root_set(threshold, sorted(root.key for root in roots)))


FIRST = Draft(roots=ROOTS, next=commitment(2, NEXT_ROOTS),
              delegates=[Enrolled(AIDA, charter.POST), Enrolled(BOLAT, charter.POST | charter.EDIT, region="KZ-75")])
CHANNEL = FIRST.hash()
FOUNDING = FIRST.own_founding()
SECOND = FIRST.changed(number=2, channel=CHANNEL, founding=FOUNDING,
                       delegates=FIRST.delegates + [Enrolled(CHOLPAN, charter.LIVE)])
THIRD_LEAVES_AIDA_OUT = SECOND.changed(number=3, delegates=SECOND.delegates[1:])
DELEGATES = [AIDA.key, BOLAT.key]


def aida(count: int, incarnation: int = 7) -> Writer:
    """Returns Aida's log with some posts in it."""
    writer = Writer(CHANNEL, AIDA, incarnation)
    for _ in range(count):
        writer.write()
    return writer


def bolat(count: int, incarnation: int = 9) -> Writer:
    writer = Writer(CHANNEL, BOLAT, incarnation)
    for _ in range(count):
        writer.write()
    return writer


def flipped(data: bytes, place: int, bit: int = 1) -> bytes:
    """Returns the data with one bit changed; a negative place counts from the end."""
    place %= len(data)
    return data[:place] + bytes([data[place] ^ bit]) + data[place + 1:]
