"""What attached archives say of themselves."""

from gzip import compress
from struct import pack

from mailfilter.checks._files import MAX_FILES
from mailfilter.checks.archives import LARGE, Archives
from mailfilter.scan.task import Task

from ..mail.archive_shapes import (
    LZMA,
    SMALL,
    STORED,
    central,
    local,
    quine,
    rar4,
    tar_of,
    zip_of,
    zip_with,
)
from .mime_case import attached, file, mixed, part
from .url_case import UrlCase, plain

HONEST = attached(zip_of({"a.txt": b"hello", "folder/": b"", "folder/b.pdf": b"x"}))
ENCRYPTED = zip_with(local(b"a", b"x", 1), central(b"a", 1, flags=1))
MEGABYTE = 1 << 20


def told(*members: tuple[int, int]) -> bytes:
    """A message with a zip archive whose list says these sizes, unpacked and packed."""
    entries, at = [], 0
    for size, packed in members:
        sizes = pack("<HHQQ", 1, 16, size, packed)
        entries.append(central(b"%d" % at, 0xFFFFFFFF, at, flags=8, extra=sizes))
        at += packed + 100
    return attached(zip_with(local(b"0", b"", 8), *entries))


class ArchivesTests(UrlCase):
    check = Archives

    def test_symbols(self) -> None:
        self.compare(
            {
                "ARCHIVE_ABOVE": (
                    [attached(zip_of({"../a": b""})), attached(tar_of({"a/../../b": b""}))],
                    [HONEST, attached(zip_of({"a..b/c": b""}))],
                ),
                "ARCHIVE_BOMB": (
                    [
                        attached(quine()),
                        told((8192 * MEGABYTE, 1000)),
                        told(*[(64 * MEGABYTE, 64000)] * 16),
                    ],
                    [
                        HONEST,
                        attached(zip_of({"a": bytes(1_000_000)})),
                        told(*[(64 * MEGABYTE, 64000)] * 15),
                        told(*[(64 * MEGABYTE, 70000)] * 16),
                    ],
                ),
                "ARCHIVE_UNCHECKED": (
                    [
                        attached(SMALL["7z"]),
                        attached(b"\xfd7zXZ\x00" + bytes(100)),
                        attached(zip_of({"a": b"x" * 100})[:-40]),
                        attached(rar4(flags=0x80)),
                        attached(zip_of({"a.zip": b"x" * 100}, method=LZMA)),
                        attached(zip_of({f"{at}": bytes(4 * MEGABYTE) for at in range(16)})),
                        attached(compress(bytes(64 * MEGABYTE)), "a.gz"),
                        told((64 * MEGABYTE, MEGABYTE // 4)),
                    ],
                    [
                        HONEST,
                        file("a.zip"),
                        attached(zip_of({"a": bytes(4 * MEGABYTE)})),
                        told((64 * MEGABYTE, MEGABYTE)),
                        plain("hi"),
                        b"",
                    ],
                ),
                "MIME_ARCHIVE_IN_ARCHIVE": (
                    [
                        attached(zip_of({"a.zip": b""})),
                        attached(zip_of({"A.RAR ": b""})),
                        attached(zip_of({"a.tar.gz": b""})),
                        attached(tar_of({"x/a.7z": b""}), "a.tar"),
                        attached(zip_of({"a.zip": b""}), "a.docx", "text/x; name=a.zip"),
                        attached(zip_of({"a.pages/b.zip": b"", "pages/Index.zip": b""})),
                        attached(zip_of({"a.pages/Index.zip.zip": b""})),
                    ],
                    [
                        HONEST,
                        attached(zip_of({"server.log.gz": b""})),
                        attached(zip_of({"Letter.pages/Index.zip": b"", "a.key/Index.zip": b""})),
                        attached(zip_of({"a.docx": b"", "zip": b"", "b.zip/": b""})),
                        attached(zip_of({"a.zip": b""}), "a.docx"),
                    ],
                ),
                "MIME_ENCRYPTED_ARCHIVE": (
                    [
                        attached(ENCRYPTED),
                        attached(SMALL["7z"], "a.7z"),
                        attached(rar4(flags=0x80), "a.rar"),
                        attached(zip_of({"b.zip": ENCRYPTED})),
                    ],
                    [HONEST, attached(rar4(), "a.rar")],
                ),
                "MIME_OBFUSCATED_ARCHIVE": (
                    [
                        attached(zip_of({"a\u202etxt.exe": b""})),
                        attached(zip_of({"a.pdf\u200b.exe": b""})),
                        attached(zip_of({f"a.pdf{' ' * 60}.exe": b""})),
                        attached(zip_with(local(b"a.exe"), central(b"a.txt"))),
                        attached(zip_with(local(b"a\0.exe"), central(b"a\0.exe"))),
                    ],
                    [HONEST, attached(zip_of({"\u00fcber uns.txt": b""}))],
                ),
            }
        )

    def test_options(self) -> None:
        """Names are told without what cannot be seen."""
        found = self.found(attached(ENCRYPTED, "a\u202eb.zip"))
        self.assertEqual(found["MIME_ENCRYPTED_ARCHIVE"], ("a\\u202eb.zip",))
        found = self.found(attached(SMALL["7z"], "", "application/x-7z-compressed"))
        self.assertEqual(
            found, {"MIME_ENCRYPTED_ARCHIVE": ("7z",), "ARCHIVE_UNCHECKED": ("7z:unknown",)}
        )

        found = self.found(told((64 * MEGABYTE, 1000)))
        self.assertEqual(found["ARCHIVE_UNCHECKED"], ("zip:ratio",))

    def test_many(self) -> None:
        """An archive behind so many files is not listed, which is told."""
        empty = part("application/octet-stream", "", "a")
        for many, expected in ((MAX_FILES, {}), (MAX_FILES + 1, {"ARCHIVE_UNCHECKED": ("files",)})):
            self.assertEqual(self.found(mixed(*[empty] * many)), expected)

    def test_turns(self) -> None:
        """Others have theirs before a large file is decoded, and before it is listed."""
        turns: list[None] = []

        async def pause() -> None:
            turns.append(None)

        self.patch(Task, "pause", lambda task: pause())
        for data, expected in ((b"x", 0), (b"x" * LARGE, 2)):
            turns.clear()
            self.found(attached(zip_of({"a": data}, method=STORED)))
            self.assertEqual(len(turns), expected)
        turns.clear()
        many = part("application/zip", "x" * (LARGE // 4), "a.zip")
        self.found(mixed(*[many] * 9))
        self.assertEqual(len(turns), 4)
