"""Unpacking: every cut, the limits, bombs, and what is broken."""

import tracemalloc
import zlib
from collections.abc import Callable, Iterable
from random import Random

from backports import zstd
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.unpack import (
    MAX_INPUT,
    STEP,
    WINDOW_LOG,
    UnpackedTooLarge,
    Unpacker,
    UnpackError,
    zlib_unpacker,
    zstd_unpacker,
)

LIMIT = 4 * STEP
TEXT = b"From: a@example.org\r\n\r\n" + b"".join(b"line %d\r\n" % n for n in range(50))
NOISE = Random(1).randbytes(3 * MAX_INPUT)

KINDS: dict[str, tuple[Callable[[bytes], bytes], Callable[[int], Unpacker]]] = {
    "zstd": (zstd.compress, zstd_unpacker),
    "zlib": (zlib.compress, zlib_unpacker),
}


def unpack(unpacker: Unpacker, pieces: Iterable[bytes]) -> bytes:
    for piece in pieces:
        unpacker.write(piece)
    return unpacker.finish()


def frame(options: dict[int, int], data: bytes = TEXT) -> bytes:
    packer = zstd.ZstdCompressor(options=options)
    return packer.compress(data) + packer.flush()


class Unpacked(SynchronousTestCase):
    def test_cut_anywhere(self) -> None:
        for name, (pack, make) in KINDS.items():
            for data in (TEXT, b"a", b"", bytes(3 * STEP)):
                packed = pack(data)
                for at in range(len(packed) + 1):
                    pieces = packed[:at], packed[at:]
                    self.assertEqual(data, unpack(make(LIMIT), pieces), (name, at))
                octets = (packed[at : at + 1] for at in range(len(packed)))
                self.assertEqual(data, unpack(make(LIMIT), octets), name)

    def test_sizes_around_a_step(self) -> None:
        for name, (pack, make) in KINDS.items():
            for whole in (NOISE[: STEP + 1], bytes(STEP + 1), b"ab" * STEP):
                for size in (STEP - 1, STEP, STEP + 1, 2 * STEP):
                    data = whole[:size]
                    self.assertEqual(data, unpack(make(size), [pack(data)]), (name, size))

    def test_large_input(self) -> None:
        for name, (pack, make) in KINDS.items():
            packed = pack(NOISE)
            self.assertGreater(len(packed), 2 * MAX_INPUT)
            self.assertEqual(NOISE, unpack(make(LIMIT), [packed]), name)

    def test_limit(self) -> None:
        for name, (pack, make) in KINDS.items():
            for size in (1, 100, STEP, STEP + 1, LIMIT):
                packed = pack(bytes(size))
                self.assertEqual(size, len(unpack(make(size), [packed])), name)
                error = self.assertRaises(UnpackedTooLarge, unpack, make(size - 1), [packed])
                self.assertEqual(size, error.size, name)

    def test_bomb(self) -> None:
        """Costs no more memory than the limit and some steps."""
        for name, (pack, make) in KINDS.items():
            bomb = pack(bytes(64 * LIMIT))
            unpacker = make(LIMIT)
            tracemalloc.start()
            self.addCleanup(tracemalloc.stop)
            self.assertRaises(UnpackedTooLarge, unpacker.write, bomb)
            self.assertLess(tracemalloc.get_traced_memory()[1], 2 * LIMIT + 4 * STEP, name)
            tracemalloc.stop()


class Broken(SynchronousTestCase):
    def test_cut_short(self) -> None:
        for name, (pack, make) in KINDS.items():
            packed = pack(TEXT)
            for size in range(len(packed)):
                self.assertRaises(UnpackError, unpack, make(LIMIT), [packed[:size]])
            error = self.assertRaises(UnpackError, unpack, make(LIMIT), [])
            self.assertEqual("unexpected end", str(error), name)

    def test_behind_the_end(self) -> None:
        for name, (pack, make) in KINDS.items():
            packed = pack(TEXT)
            for more in (b"x", packed, b"\0", b"x" * 2 * MAX_INPUT):
                for pieces in ([packed + more], [packed, more]):
                    error = self.assertRaises(UnpackError, unpack, make(LIMIT), pieces)
                    self.assertEqual("data behind the end", str(error), name)

    def test_texts(self) -> None:
        wide = frame({int(zstd.CompressionParameter.window_log): WINDOW_LOG + 1})
        samples = [bytes((a, b)) * 20 for a in range(50) for b in range(100)]
        with_dictionary = zstd.compress(TEXT, zstd_dict=zstd.train_dict(samples, 2000))
        for make, data, text in (
            (zstd_unpacker, b"no such frame", "Unknown frame descriptor"),
            (zstd_unpacker, wide, "Frame requires too much memory for decoding"),
            (zstd_unpacker, with_dictionary, "Dictionary mismatch"),
            (zlib_unpacker, b"no such stream", "incorrect header check"),
            (zlib_unpacker, zlib.compress(TEXT)[:-1] + b"x", "incorrect data check"),
        ):
            error = self.assertRaises(UnpackError, unpack, make(LIMIT), [data])
            self.assertEqual(text, str(error))

    def test_checksum(self) -> None:
        packed = frame({int(zstd.CompressionParameter.checksum_flag): 1})
        self.assertEqual(TEXT, unpack(zstd_unpacker(LIMIT), [packed]))
        changed = packed[:-1] + bytes([packed[-1] ^ 1])
        self.assertRaises(UnpackError, unpack, zstd_unpacker(LIMIT), [changed])

    def test_widest_window(self) -> None:
        """8 MiB, as RFC 9659 3 has it."""
        self.assertEqual(2**WINDOW_LOG, 8 * 2**20)
        packed = frame({int(zstd.CompressionParameter.window_log): WINDOW_LOG})
        self.assertEqual(TEXT, unpack(zstd_unpacker(LIMIT), [packed]))

    def test_damaged(self) -> None:
        """Octets changed, cut out and doubled: an error or some octets, never more than allowed."""
        random = Random(2)
        for pack, make in KINDS.values():
            packed = pack(TEXT + NOISE[:200] + bytes(2000))
            for _ in range(2000):
                data = bytearray(packed)
                for _ in range(random.randint(1, 3)):
                    at = random.randrange(len(data))
                    data[at : at + random.randint(0, 3)] = random.randbytes(random.randint(0, 3))
                cut = random.randrange(len(data) + 1)
                try:
                    got = unpack(make(3000), [bytes(data[:cut]), bytes(data[cut:])])
                except UnpackError:
                    continue
                self.assertLessEqual(len(got), 3000)
