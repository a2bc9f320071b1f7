"""Chaining values of BLAKE3 subtrees, which the `blake3` package does not give; whole hashes are checked against it.

The lanes of a numpy array are chunks (or parents) side by side, so that some megabytes take less than a second.
"""

import numpy

CHUNK_BYTES = 1024
CHUNK_START, CHUNK_END, PARENT, ROOT = 1, 2, 4, 8
INITIAL = numpy.array([0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19], numpy.uint32)
ORDER = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8]
COLUMNS = [(0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15), (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)]


def rotate(words, bits: int):
    return (words >> numpy.uint32(bits)) | (words << numpy.uint32(32 - bits))


def mix(state, a: int, b: int, c: int, d: int, x, y) -> None:
    state[a] = state[a] + state[b] + x
    state[d] = rotate(state[d] ^ state[a], 16)
    state[c] = state[c] + state[d]
    state[b] = rotate(state[b] ^ state[c], 12)
    state[a] = state[a] + state[b] + y
    state[d] = rotate(state[d] ^ state[a], 8)
    state[c] = state[c] + state[d]
    state[b] = rotate(state[b] ^ state[c], 7)


def compress(values, words, counters, length: int, flags: int):
    """Compresses one block in each lane: `values` is 8 × lanes, `words` 16 × lanes, `counters` one number a lane."""
    lanes = values.shape[1]
    state = [*values, *(numpy.full(lanes, word, numpy.uint32) for word in INITIAL[:4]),
             (counters & 0xFFFFFFFF).astype(numpy.uint32), (counters >> 32).astype(numpy.uint32),
             numpy.full(lanes, length, numpy.uint32), numpy.full(lanes, flags, numpy.uint32)]
    words = list(words)
    for _ in range(7):
        for number, place in enumerate(COLUMNS):
            mix(state, *place, words[2 * number], words[2 * number + 1])
        words = [words[place] for place in ORDER]
    return numpy.array([state[place] ^ state[place + 8] for place in range(8)])


def full_chunks(data: bytes, first: int):
    """Returns the values of chunks of 1,024 bytes, of which none is a root."""
    count = len(data) // CHUNK_BYTES
    blocks = numpy.frombuffer(data, "<u4").reshape(count, 16, 16)
    counters = numpy.arange(first, first + count, dtype=numpy.uint64)
    values = numpy.repeat(INITIAL[:, None], count, axis=1)
    for number in range(16):
        flags = (CHUNK_START if number == 0 else 0) | (CHUNK_END if number == 15 else 0)
        values = compress(values, blocks[:, number, :].T, counters, 64, flags)
    return values


def last_chunk(data: bytes, number: int, flags: int):
    """Returns the value of one chunk of any length up to 1,024 bytes."""
    values = INITIAL[:, None].copy()
    counters = numpy.array([number], numpy.uint64)
    starts = range(0, max(len(data), 1), 64)
    for start in starts:
        block = data[start:start + 64]
        marks = (CHUNK_START if start == 0 else 0) | (CHUNK_END | flags if start == starts[-1] else 0)
        words = numpy.frombuffer(block.ljust(64, b"\0"), "<u4").reshape(16, 1)
        values = compress(values, words, counters, len(block), marks)
    return values


def parents(values, flags: int = 0):
    """Joins pairs of neighbours."""
    words = numpy.concatenate([values[:, 0::2], values[:, 1::2]])
    lanes = words.shape[1]
    return compress(numpy.repeat(INITIAL[:, None], lanes, axis=1), words, numpy.zeros(lanes, numpy.uint64), 64, PARENT | flags)


def join(values, is_root: bool):
    """Joins all values of a row to one: pairs first, an odd last one waits for the next round."""
    while values.shape[1] > 1:
        count = values.shape[1]
        flags = ROOT if is_root and count == 2 else 0
        paired = parents(values[:, :count - count % 2], flags)
        values = paired if count % 2 == 0 else numpy.concatenate([paired, values[:, -1:]], axis=1)
    return values


def chaining_value(data: bytes, offset: int, is_root: bool = False) -> bytes:
    """Returns the chaining value of the subtree of `data`, which begins at a whole chunk of its blob."""
    assert offset % CHUNK_BYTES == 0
    whole = max(len(data) - 1, 0) // CHUNK_BYTES * CHUNK_BYTES
    tail = last_chunk(data[whole:], (offset + whole) // CHUNK_BYTES, ROOT if is_root and whole == 0 else 0)
    values = numpy.concatenate([full_chunks(data[:whole], offset // CHUNK_BYTES), tail], axis=1) if whole else tail
    return to_bytes(join(values, is_root))


def parent_value(left: bytes, right: bytes, is_root: bool) -> bytes:
    values = numpy.array([numpy.frombuffer(left, "<u4"), numpy.frombuffer(right, "<u4")]).T
    return to_bytes(parents(values, ROOT if is_root else 0))


def to_bytes(values) -> bytes:
    return values[:, 0].astype("<u4").tobytes()
