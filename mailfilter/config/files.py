"""The files of a configuration: which they are, and reading one as TOML with its lines."""

import os
import re
import stat
import tomllib
from dataclasses import dataclass
from typing import Any

from .hiding import HIDDEN, is_quotable_source, is_unquotable
from .lines import Duplicate, Lines, scan_lines
from .problem import Problem
from .toml_text import KeyPath, key_text

MAX_FILE = 2**20
"""Octets of one file: a thousand times a real one, and still read in well under a second."""
MAX_FILES = 256
"""Files in conf.d."""
MAX_TOTAL = 16 * MAX_FILE
"""Octets of all files together."""

FRAGMENTS = "conf.d"

_PLACE = re.compile(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", re.DOTALL)
_BARE_UNIT = re.compile(r"\d[\d.]*[A-Za-z]+")


@dataclass(frozen=True, slots=True)
class Source:
    """A file as it was when it was read, so that it can be made sense of again later."""

    file: str
    """Absolute path."""
    data: bytes
    mode: int
    """Permission bits."""
    gid: int


@dataclass(frozen=True, slots=True)
class Document:
    """One file that could be read."""

    file: str
    table: dict[str, Any]
    lines: Lines


def find_fragments(path: str) -> tuple[list[str], list[Problem]]:
    """The `conf.d/*.toml` beside a main file, by name. Hidden files are left out."""
    directory = os.path.join(os.path.dirname(path), FRAGMENTS)
    try:
        names = os.listdir(directory)
    except FileNotFoundError:
        return [], []
    except NotADirectoryError:
        return [], [_about(directory, "expected a directory")]
    except (OSError, ValueError) as error:
        return [], [_unreadable(directory, error)]
    names = sorted(name for name in names if name.endswith(".toml") and not name.startswith("."))
    if len(names) > MAX_FILES:
        return [], [_about(directory, f"expected at most {MAX_FILES} files")]
    return [os.path.join(directory, name) for name in names], []


def read_source(file: str, most: int = MAX_FILE) -> tuple[Source | None, list[Problem]]:
    """Read one file of at most so many octets. There is none when it cannot be read; raises
    nothing."""
    try:
        source = _read(file, most)
    except (OSError, ValueError) as error:
        return None, [_unreadable(file, error)]
    if source is None:
        return None, [_about(file, "expected a regular file")]
    if len(source.data) > most:
        return None, [_about(file, f"expected at most {most // 1024}KiB in a file")]
    return source, []


def read_document(source: Source) -> tuple[Document | None, list[Problem]]:
    """There is no document when the file cannot be made sense of; raises nothing."""
    file, data = source.file, source.data
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        octet = f"octet 0x{data[error.start]:02x}"
        return None, [Problem(file, line, "", None, f"expected UTF-8; {octet} is not")]
    return parse_document(file, text)


def parse_document(file: str, text: str) -> tuple[Document | None, list[Problem]]:
    """Parse the text of a file. Keys set twice are left out and the rest is used, if possible."""
    lines = scan_lines(text)
    if lines.fault is not None:
        return None, [Problem(file, lines.fault[0], "", None, lines.fault[1])]
    table, fault = _parse(file, text, lines)
    if fault is None or not lines.duplicates:
        return _document(file, table, lines), [fault] if fault else []
    problems = [_twice(file, duplicate) for duplicate in lines.duplicates]
    spans = [duplicate.span for duplicate in lines.duplicates]
    table, fault = _parse(file, _without(text, [span for span in spans if span]), lines)
    if fault is not None and (None not in spans or not fault.expected.startswith(_TWICE)):
        problems.append(fault)
    return _document(file, table, lines), problems


_NOT_TOML = "not valid TOML: "
_IN_ARRAY = ("Invalid value", "Unclosed array")
"""tomllib's words for what stands where an element or the end of an array should."""
_TWICE = (f"{_NOT_TOML}cannot ", f"{_NOT_TOML}duplicate ")
"""How tomllib's words for keys set twice begin."""


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    """The text with blanks in place of some parts, which are in order; lines stay lines."""
    kept = []
    end = 0
    for start, stop in spans:
        kept += [text[end:start], re.sub(r"[^\n]", " ", text[start:stop])]
        end = stop
    return "".join(kept) + text[end:]


def _document(file: str, table: dict[str, Any] | None, lines: Lines) -> Document | None:
    return None if table is None else Document(file, table, lines)


def _parse(file: str, text: str, lines: Lines) -> tuple[dict[str, Any] | None, Problem | None]:
    try:
        return tomllib.loads(text), None
    except tomllib.TOMLDecodeError as error:
        return None, _syntax_problem(file, text, lines, str(error))
    except (ValueError, RecursionError) as error:
        return None, Problem(file, None, "", None, f"{_NOT_TOML}{error}")


def _syntax_problem(file: str, text: str, lines: Lines, message: str) -> Problem:
    """tomllib's complaint, with the key and the text of the line that it is about."""
    match = _PLACE.fullmatch(message)
    words, line_text, column = match.groups() if match else (message, None, None)
    line = int(line_text) if line_text else text.rstrip().count("\n") + 1
    keys = [] if line in lines.within_strings else lines.on(line)
    path = keys[-1] if keys else ()
    hint = ""
    array = lines.open_arrays[0] if lines.open_arrays else ()
    begin = lines.of.get(array, line + 1)
    if begin <= line and words in _IN_ARRAY:
        # Nothing ends an array but its bracket: the mistake may be far above.
        path = array
        if not line_text:
            line, words = begin, "the array is not closed"
        if line != begin:
            hint = f"the array {key_text(path)} begins in line {begin}"
            path, keys = (), []
    value = _source_of(text.split("\n")[line - 1], keys)
    where = f" (column {column})" if column else ""
    is_bare_unit = _BARE_UNIT.match(value or "")
    if is_bare_unit:
        hint = f'did you mean "{is_bare_unit[0]}"?'
    return Problem(
        file,
        line,
        key_text(path),
        value,
        f"{_NOT_TOML}{words[:1].lower()}{words[1:]}{where}",
        hint,
    )


def _source_of(line: str, keys: list[KeyPath]) -> str | None:
    """The value on a line with these keys, if it is certain that it holds no secret.

    What follows the mistake was not made sense of, and a line without a key may be anything, such
    as a part of a secret.
    """
    if not keys:
        return None
    source = line.strip()
    value = source.partition("=")[2].strip() if "=" in source else source
    if any(map(is_unquotable, keys)) or not is_quotable_source(source):
        return HIDDEN
    return value


def _twice(file: str, duplicate: Duplicate) -> Problem:
    key = key_text(duplicate.path)
    if duplicate.value is None:
        key = f"[{key}]"
    value = duplicate.value
    if value and not is_quotable_source(value):
        value = HIDDEN
    expected = f"set a second time, first in line {duplicate.first_line}"
    return Problem(file, duplicate.line, key, value, expected)


def _read(file: str, most: int) -> Source | None:
    """The start of a file, at most one octet over the limit; `None` if it is not a file.

    A pipe would be waited for, so only files and devices such as /dev/null are read.
    """
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISCHR(status.st_mode)):
            return None
        data = b""
        while len(data) <= most and (part := os.read(descriptor, most + 1 - len(data))):
            data += part
        return Source(file, data, stat.S_IMODE(status.st_mode), status.st_gid)
    finally:
        os.close(descriptor)


def _unreadable(file: str, error: OSError | ValueError) -> Problem:
    """A path with a NUL is a ValueError."""
    reason = error.strerror if isinstance(error, OSError) else error
    return _about(file, f"cannot be read: {reason}")


def _about(file: str, expected: str) -> Problem:
    return Problem(file, None, "", None, expected)
