"""What is named as input."""

import os
import socket
import sys
import threading
from pathlib import Path
from typing import Any, BinaryIO

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.client.rspamc import inputs
from mailfilter.client.rspamc.exchange import Failure, Item
from mailfilter.client.rspamc.inputs import count, items
from mailfilter.client.rspamc.options import Options

FROM = b"From a@b.example Mon Jan  1 00:00:00 2024\n"


class InputCase(SynchronousTestCase):
    """A folder to put input into."""

    def setUp(self) -> None:
        """Make it."""
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()

    def write(self, name: str, octets: bytes = b"x") -> str:
        """A file there, with the folders above it."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(octets)
        return str(path)

    def found(self, *files: str, **options: Any) -> dict[str, bytes | str]:
        """Names below the folder, with octets or why there are none."""
        found: dict[str, bytes | str] = {}
        for source in items(files, Options(timeout=60, **options)):
            item = source.item if isinstance(source, Failure) else source
            name = os.path.relpath(item.name, self.folder)
            self.assertNotIn(name, found)
            found[name] = source.text if isinstance(source, Failure) else source.octets
        return found


class FileTests(InputCase):
    """Files that are named."""

    def test_order_and_octets(self) -> None:
        """They come as named, whatever is in them."""
        octets = {"b": b"1\r\n\0\xff", "a": b"", "c": b"From me\n"}
        files = [self.write(name, content) for name, content in octets.items()]
        self.assertEqual(list(self.found(*files).items()), list(octets.items()))

    def test_sizes(self) -> None:
        """Read at once or not, they are the same; some files of the system have no size."""
        octets = FROM + b"a\n\n" + FROM + b"b\n"
        path = self.write("box", octets)
        expected = self.found(path)
        for most in (len(octets) - 1, len(octets)):
            self.patch(inputs, "_MAX_SMALL", most)
            self.assertEqual(self.found(path), expected)
        (item,) = items(["/proc/version"], Options())
        self.assertEqual(item, Item("/proc/version", Path("/proc/version").read_bytes()))

    def test_read_in_turn(self) -> None:
        """A file is read when it is asked for, not before."""
        files = [self.write("a"), str(self.folder / "b")]
        found = items(files, Options())
        self.assertEqual(next(found), Item(files[0], b"x"))
        self.write("b", b"later")
        self.assertEqual(next(found), Item(files[1], b"later"))

    def test_odd_names(self) -> None:
        """Names need not be text."""
        name = os.fsdecode(b"\xff\n\x1b[1m")
        self.assertEqual(self.found(self.write(name)), {name: b"x"})

    def test_unreadable(self) -> None:
        """What cannot be read is a failure with a reason, and the others are read."""
        good = self.write("good")
        os.symlink("loop", self.folder / "loop")
        os.symlink("nowhere", self.folder / "dangling")
        with socket.socket(socket.AF_UNIX) as sock:
            here = os.getcwd()
            os.chdir(self.folder)
            try:
                sock.bind("socket")
            finally:
                os.chdir(here)
            names = ["missing", "loop", "dangling", "socket", "good/below", "x" * 300, "a\0b"]
            found = self.found(*(f"{self.folder}/{name}" for name in names), "/dev/zero", good)
        self.assertEqual(found.pop("good"), b"x")
        self.assertEqual(found["missing"], "No such file or directory")
        self.assertEqual(found["socket"], "not a file")
        self.assertEqual(len(found), 8)
        for text in found.values():
            self.assertIsInstance(text, str)

    def test_no_permission(self) -> None:
        """Files and folders that are closed to us are failures, too."""
        if os.geteuid() == 0:
            self.patch(os, "open", _denied)
            self.patch(os, "scandir", _denied)
        self.write("folder/a")
        Path(self.write("closed")).chmod(0)
        folder = self.folder / "folder"
        folder.chmod(0)
        self.addCleanup(folder.chmod, 0o700)
        found = self.found(str(self.folder / "closed"), str(folder))
        self.assertEqual(found, dict.fromkeys(("closed", "folder"), "Permission denied"))

    def test_too_large(self) -> None:
        """Sizes have a bound."""
        self.patch(inputs, "MAX_MESSAGE", 1000)
        self.assertEqual(
            self.found(self.write("a", b"x" * 1000), self.write("b", b"x" * 1001)),
            {"a": b"x" * 1000, "b": "larger than 128 MiB"},
        )

    def test_mbox(self) -> None:
        """An mbox is its messages; one message keeps the name of its file."""
        several = self.write("several", FROM + b"A: 1\n\nx\n\n" + FROM + b"B: 1\n\n\n")
        alone = self.write("alone", FROM + b"A: 1\n\nx\n")
        self.assertEqual(
            self.found(several, alone),
            {"several#1": b"A: 1\n\nx\n", "several#2": b"B: 1\n\n", "alone": b"A: 1\n\nx\n"},
        )
        self.assertEqual(count([several, alone], Options(), lambda: False), 3)
        # What is no mail is not looked into.
        octets = self.found(several, is_raw_input=True)["several"]
        self.assertEqual(octets, FROM + b"A: 1\n\nx\n\n" + FROM + b"B: 1\n\n\n")

    def test_standard_input(self) -> None:
        """Without files it is standard input, or nothing if that was said."""
        path = self.write("in", FROM + b"A: 1\n\n" + FROM)
        with open(path, "rb") as file:
            self.patch(sys, "stdin", _Stdin(file))
            self.assertEqual(list(items((), Options())), [Item("stdin", FROM + b"A: 1\n\n" + FROM)])
        self.assertEqual(list(items((), Options(takes_nothing=True))), [Item("stdin")])
        self.patch(sys, "stdin", None)
        (closed,) = items((), Options())
        self.assertEqual(closed, Failure(Item("stdin"), "Bad file descriptor"))


class PipeTests(InputCase):
    """Pipes, as shells make them for `<(command)`."""

    def pipe(self) -> str:
        """One with a name."""
        path = str(self.folder / "pipe")
        os.mkfifo(path)
        return path

    def test_written_to(self) -> None:
        """It is read to its end, which may take many pieces."""
        path = self.pipe()
        octets = FROM + b"A: 1\n\n" + b"x" * 300_000 + b"\n" + FROM + b"B: 1\n\n"
        writer = threading.Thread(target=Path(path).write_bytes, args=(octets,))
        writer.start()
        found = self.found(path)
        writer.join(60)
        self.assertEqual(list(found), ["pipe#1", "pipe#2"])
        self.assertEqual(len(found["pipe#1"]), 300_007)

    def test_silent(self) -> None:
        """One that nobody writes to, or that nobody closes, does not hang."""
        path = self.pipe()
        failure = Failure(Item(path), "nobody wrote to it within 0.01 seconds")
        self.assertEqual(list(items([path], Options(timeout=0.01))), [failure])
        number = os.open(path, os.O_RDWR)
        self.addCleanup(os.close, number)
        os.write(number, b"x")
        self.assertEqual(list(items([path], Options(timeout=0.01))), [failure])

    def test_in_folder(self) -> None:
        """In a folder it is passed by, as rspamc does."""
        self.pipe()
        self.write("a")
        self.assertEqual(self.found(str(self.folder)), {"a": b"x"})

    def test_not_counted(self) -> None:
        """To count its messages would take them away."""
        self.assertIsNone(count([self.write("a"), self.pipe()], Options(), lambda: False))


class FolderTests(InputCase):
    """Folders."""

    def test_recursive(self) -> None:
        """All files are taken, without hidden ones and links."""
        for name in ("a", "s/b", "s/t/c", ".hidden", ".folder/d", "s/.e", "s/t/f.g"):
            self.write(name)
        os.symlink("..", self.folder / "s" / "up")
        os.symlink("a", self.folder / "link")
        self.assertEqual(set(self.found(str(self.folder))), {"a", "s/b", "s/t/c", "s/t/f.g"})
        self.assertEqual(count([str(self.folder)], Options(), lambda: False), 4)
        self.assertIsNone(count([str(self.folder)], Options(), lambda: True))

    def test_named_link(self) -> None:
        """A link that is named is followed, and what is hidden is taken then."""
        self.write(".folder/a")
        os.symlink(".folder", self.folder / "link")
        self.assertEqual(self.found(f"{self.folder}/link"), {"link/a": b"x"})
        self.assertEqual(self.found(f"{self.folder}/.folder/"), {".folder/a": b"x"})

    def test_empty(self) -> None:
        """There may be nothing."""
        self.assertEqual(self.found(str(self.folder)), {})

    def test_deep(self) -> None:
        """However deep folders lie."""
        here = os.getcwd()
        try:
            os.chdir(self.folder)
            for _ in range(500):
                os.mkdir("d")
                os.chdir("d")
            Path("a").write_bytes(b"x")
        finally:
            os.chdir(here)
        self.assertEqual(list(self.found(str(self.folder)).values()), [b"x"])

    def test_exclude(self) -> None:
        """Patterns are for the whole path, go across slashes, and spare what is named."""
        for name in ("a.eml", "b.txt", "s/c.eml", "s/d.txt"):
            self.write(name)
        for patterns, left in (
            (("*.eml",), {"b.txt", "s/d.txt"}),
            (("*.eml", "*.txt"), set()),
            (("a.eml", "s"), {"a.eml", "b.txt", "s/c.eml", "s/d.txt"}),
            (("*/s",), {"a.eml", "b.txt"}),
            (("*/s/*",), {"a.eml", "b.txt"}),
            (("*/[ab].*",), {"a.eml", "b.txt", "s/c.eml", "s/d.txt"}),
            (("*/?.???",), set()),
            (("*.EML",), {"a.eml", "b.txt", "s/c.eml", "s/d.txt"}),
        ):
            self.assertEqual(set(self.found(str(self.folder), exclude=patterns)), left, patterns)
        named = str(self.folder / "a.eml")
        self.assertEqual(self.found(named, exclude=("*",)), {"a.eml": b"x"})

    def test_maildir(self) -> None:
        """Of a Maildir new and current messages, not what is being delivered or kept for it."""
        for name in ("cur/1:2,S", "new/2", "tmp/3", "dovecot-uidlist", "Sub/cur/4", ".Junk/cur/5"):
            self.write(f"Maildir/{name}")
        for name in ("Sub/new", "Sub/tmp"):
            (self.folder / "Maildir" / name).mkdir()
        self.assertEqual(
            set(self.found(str(self.folder))),
            {"Maildir/cur/1:2,S", "Maildir/new/2", "Maildir/Sub/cur/4"},
        )

    def test_maildir_is_no_mbox(self) -> None:
        """Who sends a message that looks like several does not make several of it."""
        octets = FROM + b"A: 1\n\n" + FROM + b"B: 1\n\n"
        for name in ("new/1", "cur/2", "tmp/3"):
            self.write(f"Maildir/{name}", octets)
        self.assertEqual(
            self.found(f"{self.folder}/Maildir"),
            {"Maildir/new/1": octets, "Maildir/cur/2": octets},
        )
        self.assertEqual(self.found(f"{self.folder}/Maildir/cur/"), {"Maildir/cur/2": octets})

    def test_mbox_in_folder(self) -> None:
        """Elsewhere files are looked into."""
        self.write("s/mbox", FROM + b"\n" + FROM)
        self.assertEqual(set(self.found(str(self.folder))), {"s/mbox#1", "s/mbox#2"})


class ListTests(InputCase):
    """Lists of files."""

    def test_lines(self) -> None:
        """A name in each line, a file or a folder, after what is named itself."""
        names = [self.write("a"), "", self.write("b"), str(self.folder / "c"), str(self.folder)]
        path = Path(self.mktemp())
        path.write_bytes("\n".join(names).encode())
        found = [
            source.item.name if isinstance(source, Failure) else source.name
            for source in items([names[2]], Options(files_list=str(path)))
        ]
        self.assertEqual(found[:4], [names[2], names[0], names[2], names[3]])
        self.assertEqual(sorted(found[4:]), [names[0], names[2]])
        self.assertEqual(count([names[2]], Options(files_list=str(path)), lambda: False), 6)

    def test_unreadable(self) -> None:
        """A list that is missing is a failure; so is a line that is no name."""
        missing = str(self.folder / "missing")
        (failure,) = items((), Options(files_list=missing))
        self.assertEqual(failure, Failure(Item(missing), "No such file or directory"))
        path = Path(self.mktemp())
        path.write_bytes(b"x" * 200_000 + b"\na\0b\n")
        found = list(items((), Options(files_list=str(path))))
        self.assertEqual([type(source) for source in found], [Failure] * len(found))
        self.assertEqual(found[-1], Failure(Item("a\0b"), "no name of a file"))

    def test_from_pipe(self) -> None:
        """Names are taken as they come; they cannot be counted."""
        a, b = self.write("a"), self.write("b")
        reading, writing = os.pipe()
        self.addCleanup(os.close, reading)
        options = Options(files_list=f"/dev/fd/{reading}")
        os.write(writing, f"{a}\n{b}\n".encode())
        os.close(writing)
        self.assertIsNone(count([a], options, lambda: False))
        self.assertEqual(list(items((), options)), [Item(a, b"x"), Item(b, b"x")])


class _Stdin:
    """Standard input."""

    def __init__(self, file: BinaryIO) -> None:
        self.buffer = file


def _denied(*arguments: object, **named: object) -> None:
    raise PermissionError(13, "Permission denied")
