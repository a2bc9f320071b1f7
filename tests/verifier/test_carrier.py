"""Tests of what no vector covers: `python -m unittest discover -s tests/verifier -t tests`."""

import contextlib
import io
import tempfile
import unittest
from pathlib import Path

from . import address, outboard
from .__main__ import main
from .forge import JUNE_MS, Writer, article, fork, head, pack, rendition, statement
from .hashes import plain
from .making_live import STREAM, Draft, counted, edge, opening, roll_up, segment
from .subtree import chaining_value
from .world import CHANNEL, CHOLPAN, FIRST, SECOND, STRANGER, aida, bolat, flipped

SIZES = (0, 1, 64, 65, 1023, 1024, 1025, 2049, 16_384, 16_385, 49_152, 50_000)
MIB = 1 << 20


def noise(size: int) -> bytes:
    return b"".join(plain(number.to_bytes(4, "little")) for number in range(-(-size // 32)))[:size]


class Subtrees(unittest.TestCase):
    def test_roots_are_those_of_the_library(self):
        for size in (*SIZES, MIB + 1):
            self.assertEqual(chaining_value(noise(size), 0, True), plain(noise(size)), size)

    def test_outboards_prove_every_block_and_nothing_else(self):
        for size in SIZES:
            data = noise(size)
            written = outboard.write(data)
            self.assertEqual(len(written), 64 * (outboard.blocks_of(size) - 1))
            self.assertEqual(outboard.check_range(plain(data), size, written, 0, data), size)
            for place in range(0, size, 16_384):
                with self.assertRaisesRegex(Exception, "hash-mismatch"):
                    outboard.check_range(plain(data), size, written, 0, flipped(data, place))
            for place in range(0, len(written), 32):
                with self.assertRaisesRegex(Exception, "hash-mismatch"):
                    outboard.check(plain(data), size, flipped(written, place))


class Trees(unittest.TestCase):
    """A small stick: eight posts, one with a file of 1 MiB and a bit, one log more, one fork, and a broadcast of one tick."""

    @classmethod
    def setUpClass(cls):
        data = noise(MIB + 16_384 + 5)
        groups = b"".join(chaining_value(data[start:start + MIB], start) for start in range(0, len(data), MIB))
        film = rendition(size=len(data), blob=plain(data), groups=b"\1" + (2).to_bytes(4, "little") + groups)
        posts = aida(7)
        posts.write(article("Film", renditions=b"\1" + film), kind=2)
        other = bolat(1)
        second = other.branch(0)
        second.write(b"another", kind=70)
        a, b = sorted(((other.id(0), other.datas[0]), (second.id(0), second.datas[0])))
        begin, sound = noise(700), noise(9_000)
        heard = counted(segment(initialisation=plain(begin), blob=plain(sound)))
        live = Writer(CHANNEL, CHOLPAN)
        live.write(opening(), kind=5)
        live.write(roll_up(0, (JUNE_MS, heard)), kind=6)
        live.write(opening(key=STRANGER.key), kind=5)  # A later one of the same name: it changes nothing.
        channel, blob = CHANNEL.hex(), plain(data).hex()
        cls.files = {
            f"c/{channel}/head": head(CHANNEL, 2, SECOND.hash(), [statement(posts), statement(other), statement(live)], [other.log()]),
            f"c/{channel}/charter/1": FIRST.bytes(), f"c/{channel}/charter/2": SECOND.bytes(),
            f"c/{channel}/p/{posts.log().hex()}/1-0": pack(posts, 1), f"c/{channel}/p/{other.log().hex()}/0-0": pack(other),
            f"c/{channel}/fork/{other.log().hex()}": fork(other, a[1], b[1]),
            f"b/{blob[:2]}/{blob}": data, f"b/{blob[:2]}/{blob}.o": outboard.write(data),
            f"b/{blob[:2]}/{blob}.00000001": data[MIB:],
            f"c/{channel}/live/{STREAM.hex()}": edge([Draft(segments=heard).bytes()]),
        }
        cls.files |= {f"c/{channel}/p/{live.log().hex()}/0-{seq}": pack(live, 0, seq) for seq in range(3)}
        cls.files |= {f"b/{plain(one).hex()[:2]}/{plain(one).hex()}": one for one in (begin, sound)}

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.top = Path(folder.name)
        for name, content in self.files.items():
            self.put(name, content)

    def put(self, name: str, content: bytes) -> None:
        path = self.top / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def verify(self, folder: str = "") -> tuple[int, str]:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            status = main(["tree", str(self.top / folder), address.write(CHANNEL)])
        return status, out.getvalue()

    def test_a_good_tree(self):
        for folder in ("", "files"):
            status, text = self.verify(folder)
            self.assertEqual(status, 0, text)
            self.assertIn("0 wrong, 0 missing", text)
            self.assertIn("items: 13 verified, 2 disputed (forked), 11 shown; 12 payloads verified", text)
            self.assertIn("1 ticks verified", text)
            self.assertIn("16389 of 16389 bytes verified", text)

    def test_a_flipped_bit_in_any_file_is_found_and_named(self):
        for name, content in self.files.items():
            last = -17 if name.endswith("/head") else -1  # The last 16 bytes of a head name a log that could exist.
            for place in (0, len(content) // 2, last):
                self.put(name, flipped(content, place))
                status, text = self.verify()
                self.assertEqual(status, 1, f"{name} at {place}: {text}")
                self.assertIn("WRONG: " + name if "charter/1" not in name else "WRONG: ", text)
            self.put(name, content)

    def test_what_is_missing_is_missing_and_not_wrong(self):
        for name in self.files:
            if "/fork/" in name or "/live/" in name or name.endswith((".o", ".00000001", "/0-0", "/head", "charter/1")):
                continue  # Nothing names these, or a fork proof holds their item, or nothing can be checked without them.
            (self.top / "files" / name).unlink()
            status, text = self.verify()
            wrong = int(name.endswith("charter/2"))  # Without it, Cholpan, who goes live, is nobody.
            self.assertEqual((status, "missing: " in text), (wrong, True), f"{name}: {text}")
            self.put(name, self.files[name])

    def test_a_fork_that_nothing_proves_is_missing(self):
        name = next(name for name in self.files if name.endswith("/head"))
        self.put(name, flipped(self.files[name], -1))
        self.assertIn("missing: the proof of the fork", self.verify()[1])

    def test_an_edge_whose_opening_is_not_here_cannot_be_checked(self):
        self.put(f"c/{CHANNEL.hex()}/live/{bytes(16).hex()}", edge([]))
        self.assertIn("missing: the opening of broadcast " + bytes(16).hex(), self.verify()[1])

    def test_strangers_are_named(self):
        self.put("c/notes.txt", b"hello")
        self.assertIn("WRONG: c/notes.txt: bad-path", self.verify()[1])


if __name__ == "__main__":
    unittest.main()
