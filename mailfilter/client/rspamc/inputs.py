"""What the command line names as input: files, folders, Maildirs, mboxes, and lists of them.

As rspamc 3.4 has it [run]: of a folder everything is taken with all folders in it, but neither
names that begin with a dot nor symbolic links; patterns of `--exclude` are held against the
whole path, `*` goes across slashes, and what is named itself is never excluded. Different: a
file that cannot be read fails alone and not the command, an mbox is many messages, and of a
Maildir only `cur` and `new` are taken.
"""

import errno
import io
import os
import select
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import BinaryIO, cast

from .exchange import Failure, Item
from .mbox import MAX_MESSAGE, count_parts, read_parts
from .options import Options

_MAX_PATH = 64 << 10
"""Octets of a line in a list of files; no kernel takes such a name."""
_MAX_SMALL = 1 << 20
"""Octets of a file that is read at once; most messages have less."""
_MAX_WAIT = 3600.0
"""Seconds: the system counts milliseconds in 31 bits."""
_TOO_LARGE = f"larger than {MAX_MESSAGE >> 20} MiB"


@dataclass(frozen=True, slots=True)
class _Place:
    """A file that is one message or more."""

    path: str
    is_one: bool = False
    """One message, whatever it looks like: those of a Maildir, whose octets others chose."""


def items(files: Sequence[str], options: Options) -> Iterator[Item | Failure]:
    """Every message that is named, read when it is asked for; standard input if nothing is.

    What cannot be read is a failure with the reason. Never raises OSError.
    """
    if not files and not options.files_list:
        yield _standard_input(options)
        return
    for place in _places(files, options):
        if isinstance(place, Failure):
            yield place
        else:
            yield from _messages(place, options)


def count(files: Sequence[str], options: Options, is_over: Callable[[], bool]) -> int | None:
    """How many `items` there will be, as things stand; it takes a while.

    None if that cannot be told without taking them away (pipes), or if `is_over` says so.
    """
    if not files or (options.files_list and not os.path.isfile(options.files_list)):
        return None
    total = 0
    for place in _places(files, options):
        if is_over():
            return None
        if isinstance(place, Failure) or place.is_one or options.is_raw_input:
            total += 1
            continue
        if not os.path.isfile(place.path):
            return None
        try:
            with _opened(place, options) as file:
                total += count_parts(file)
        except OSError:
            total += 1
    return total


def reason(error: OSError) -> str:
    """What went wrong, for people."""
    return error.strerror or str(error) or type(error).__name__


def _standard_input(options: Options) -> Item | Failure:
    if options.takes_nothing:
        return Item("stdin")
    if sys.stdin is None:
        return Failure(Item("stdin"), os.strerror(errno.EBADF))
    try:
        octets = sys.stdin.buffer.read(MAX_MESSAGE + 1)
    except OSError as error:
        return Failure(Item("stdin"), reason(error))
    return _item("stdin", octets)


def _item(name: str, octets: bytes | None) -> Item | Failure:
    if octets is None or len(octets) > MAX_MESSAGE:
        return Failure(Item(name), _TOO_LARGE)
    return Item(name, octets)


def _messages(place: _Place, options: Options) -> Iterator[Item | Failure]:
    try:
        with _opened(place, options) as file:
            if place.is_one or options.is_raw_input:
                yield _item(place.path, file.read(MAX_MESSAGE + 1))
                return
            for part in read_parts(file):
                is_alone = part.is_last and part.number == 1
                name = place.path if is_alone else f"{place.path}#{part.number}"
                yield _item(name, part.octets)
    except OSError as error:
        yield Failure(Item(place.path), reason(error))


def _places(files: Sequence[str], options: Options) -> Iterator[_Place | Failure]:
    for path in files:
        yield from _named(path, options)
    if not options.files_list:
        return
    try:
        for path in _listed(options.files_list):
            yield from _named(path, options)
    except OSError as error:
        yield Failure(Item(options.files_list), reason(error))


def _listed(path: str) -> Iterator[str]:
    """The lines of a list of files; `-` is standard input."""
    is_input = path == "-"
    with open(0 if is_input else path, "rb", closefd=not is_input) as file:
        while line := file.readline(_MAX_PATH):
            if name := line.rstrip(b"\r\n"):
                yield os.fsdecode(name)


def _named(path: str, options: Options) -> Iterator[_Place | Failure]:
    try:
        is_folder = stat.S_ISDIR(os.stat(path).st_mode)
    except OSError as error:
        yield Failure(Item(path), reason(error))
        return
    except ValueError:
        yield Failure(Item(path), "no name of a file")
        return
    if is_folder:
        yield from _in_folder(path, options.exclude)
    else:
        yield _Place(path)


def _in_folder(top: str, exclude: Sequence[str]) -> Iterator[_Place | Failure]:
    """Everything in a folder; one folder is open at a time, however deep they lie."""
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        is_maildir = _is_maildir(folder)
        is_part = _is_part_of_maildir(folder)
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.name.startswith(".") or _is_excluded(entry.path, exclude):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        if not (is_maildir and entry.name == "tmp"):
                            waiting.append(entry.path)
                    elif entry.is_file(follow_symlinks=False) and not is_maildir:
                        yield _Place(entry.path, is_one=is_part)
        except OSError as error:
            yield Failure(Item(folder), reason(error))


def _is_excluded(path: str, exclude: Sequence[str]) -> bool:
    """As GPatternSpec has it: `*` and `?`, and nothing else is special."""
    return any(fnmatchcase(path, pattern.replace("[", "[[]")) for pattern in exclude)


def _is_maildir(folder: str) -> bool:
    return all(os.path.isdir(os.path.join(folder, name)) for name in ("cur", "new", "tmp"))


def _is_part_of_maildir(folder: str) -> bool:
    parent, name = os.path.split(os.path.abspath(folder))
    return name in ("cur", "new") and _is_maildir(parent)


@contextmanager
def _opened(place: _Place, options: Options) -> Iterator[BinaryIO]:
    """Open a file, or a pipe that was named; raises OSError for anything else.

    Looked at before it is opened, for there are devices that do something then, and again
    afterwards, for it may have become another.
    """
    _check_kind(os.stat(place.path).st_mode)
    # Without O_NONBLOCK, a pipe nobody writes to would not even open.
    number = os.open(place.path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    with io.FileIO(number) as raw:
        state = os.fstat(number)
        _check_kind(state.st_mode)
        if stat.S_ISFIFO(state.st_mode):
            yield cast(BinaryIO, io.BufferedReader(_Pipe(raw, options.timeout)))
        elif (octets := _small(number, state.st_size)) is not None:
            yield io.BytesIO(octets)
        else:
            yield cast(BinaryIO, io.BufferedReader(raw))


def _small(number: int, size: int) -> bytes | None:
    """All octets of a small file, read at once: threads wait for each other at every call.

    None for one that is larger, or is growing; nothing of it is taken then.
    """
    if size > _MAX_SMALL:
        return None
    octets = os.pread(number, size + 1, 0)
    return octets if len(octets) <= size else None


def _check_kind(mode: int) -> None:
    if stat.S_ISREG(mode) or stat.S_ISFIFO(mode):
        return
    raise OSError(errno.EINVAL, "not a file")


class _Pipe(io.RawIOBase):
    """A pipe whose writer may take so many seconds for its next octet."""

    def __init__(self, file: io.FileIO, seconds: float) -> None:
        self._file = file
        self._seconds = seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int | None:  # type: ignore[override]
        ready = select.poll()
        ready.register(self._file, select.POLLIN)
        if not ready.poll(min(self._seconds, _MAX_WAIT) * 1000):
            raise OSError(errno.ETIMEDOUT, f"nobody wrote to it within {self._seconds:g} seconds")
        return self._file.readinto(buffer)
