"""On which line of a TOML document each key stands: what tomllib does not tell.

The scan reads keys and skips values. It is lenient: tomllib is the judge of what is valid, and
where this scan can make nothing of a line it stops, which is where tomllib stops too. It runs
first, so that its limits keep tomllib from documents that would exhaust its stack.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass, field

from .toml_text import KeyPath, scan_key

MAX_DEPTH = 32
"""Tables and arrays in each other: the model needs 5, tomllib's stack ends near 300."""
MAX_PLAIN = 200
"""Characters of a number, date or boolean; int() refuses those of thousands of digits."""

_TOO_LONG = f"expected a value of at most {MAX_PLAIN} characters, or a text in quotes"
_TOO_DEEP = f"expected at most {MAX_DEPTH} tables and arrays in each other"

_BLANK = re.compile(r"(?:[ \t\n]++|#[^\n]*+)*+")
_SPACE = re.compile(r"[ \t]*+")
_EQUALS = re.compile(r"[ \t]*+=[ \t]*+")
_STRING = re.compile(
    r'"""[^"\\]*+(?:(?:\\[\s\S]|""?(?!"))[^"\\]*+)*"{3,5}'
    r"|'''[^']*+(?:''?(?!')[^']*+)*'{3,5}"
    r'|"(?!"")[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"'
    r"|'(?!'')[^'\n]*+'"
)
_PLAIN = re.compile(r"[^,\[\]{}#\"'\n]++")


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A key set a second time, and the part of the text to leave out, if that can be done."""

    path: KeyPath
    line: int
    first_line: int
    value: str | None
    """The text of the value, `None` for the header of a table."""
    span: tuple[int, int] | None


@dataclass(slots=True)
class Lines:
    """What the scan found. Lines count from 1."""

    of: dict[KeyPath, int] = field(default_factory=dict)
    """Line on which each key, table and array element is first mentioned."""
    duplicates: list[Duplicate] = field(default_factory=list)
    open_arrays: list[KeyPath] = field(default_factory=list)
    """The arrays inside which the scan stopped, the outermost first."""
    within_strings: set[int] = field(default_factory=set)
    """Lines that begin inside a text of several lines."""
    fault: tuple[int, str] | None = None
    """A limit that the document breaks: line and text."""

    def on(self, line: int) -> list[KeyPath]:
        """All keys and array elements that a line is the first to mention."""
        return [path for path, at in self.of.items() if at == line]

    def find(self, path: KeyPath) -> int | None:
        """The line of a key, or of the nearest table around it."""
        while path:
            line = self.of.get(path)
            if line is not None:
                return line
            path = path[:-1]
        return None


class _Stop(Exception):
    """The scan cannot go on."""


def scan_lines(text: str) -> Lines:
    """Find the lines of all keys in a TOML document with LF line ends. Raises nothing."""
    scan = _Scan(text)
    try:
        scan.document()
    except _Stop as stop:
        if stop.args:
            scan.lines.fault = stop.args[0]
    return scan.lines


class _Scan:
    """One pass over a document; each method reads what its name says at `at`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines = Lines()
        self.newlines = [match.start() for match in re.finditer("\n", text)]
        self.headers: set[KeyPath] = set()
        self.values: set[KeyPath] = set()
        self.array_lengths: dict[KeyPath, int] = {}

    def document(self) -> None:
        table: KeyPath = ()
        while True:
            self.skip(_BLANK)
            if self.at >= len(self.text):
                return
            if self.text.startswith("[", self.at):
                table = self.header()
            else:
                self.pair(table, can_remove=True)
            self.end_of_line()

    def header(self) -> KeyPath:
        start = self.at
        is_array = self.text.startswith("[[", self.at)
        self.at += 2 if is_array else 1
        self.skip(_SPACE)
        parts = self.key()
        self.skip(_SPACE)
        self.expect("]]" if is_array else "]")
        line = self.line(start)
        path = self.resolve(parts, last=not is_array)
        if is_array:
            if path in self.values:
                self.duplicate(path, line)
            index = self.array_lengths.get(path, 0)
            self.array_lengths[path] = index + 1
            self.mention(path, line)
            path = (*path, index)
        elif path in self.headers or path in self.values:
            self.duplicate(path, line)
        self.headers.add(path)
        self.mention(path, line)
        return path

    def resolve(self, parts: tuple[str, ...], *, last: bool) -> KeyPath:
        """The path of a header's key: inside an array of tables it means the latest element."""
        path: KeyPath = ()
        for number, part in enumerate(parts, 1):
            path = (*path, part)
            if path in self.array_lengths and (last or number < len(parts)):
                path = (*path, self.array_lengths[path] - 1)
        return path

    def pair(self, table: KeyPath, *, can_remove: bool = False) -> None:
        start = self.at
        line = self.line(start)
        path = (*table, *self.key())
        self.limit_depth(path)
        self.skip(_EQUALS, needed=True)
        is_known = path in self.lines.of
        self.mention(path, line)
        value_start = self.at
        self.value(path)
        if is_known:
            value = self.text[value_start : self.at].rstrip()
            self.duplicate(path, line, value, (start, self.at) if can_remove else None)
        self.values.add(path)

    def value(self, path: KeyPath) -> None:
        if self.text.startswith("[", self.at):
            self.array(path)
        elif self.text.startswith("{", self.at):
            self.inline_table(path)
        elif self.text.startswith(('"', "'"), self.at):
            start = self.at
            self.skip(_STRING, needed=True)
            self.lines.within_strings.update(range(self.line(start) + 1, self.line(self.at) + 1))
        else:
            start = self.at
            self.skip(_PLAIN, needed=True)
            if len(self.text[start : self.at].rstrip()) > MAX_PLAIN:
                raise _Stop((self.line(start), _TOO_LONG))

    def array(self, path: KeyPath) -> None:
        self.limit_depth(path)
        self.lines.open_arrays.append(path)
        self.elements(path)
        self.lines.open_arrays.pop()

    def elements(self, path: KeyPath) -> None:
        self.at += 1
        index = 0
        while True:
            self.skip(_BLANK)
            if self.take("]"):
                return
            element = (*path, index)
            self.lines.of.setdefault(element, self.line(self.at))
            self.value(element)
            index += 1
            self.skip(_BLANK)
            if not self.take(","):
                self.expect("]")
                return

    def inline_table(self, path: KeyPath) -> None:
        self.limit_depth(path)
        self.at += 1
        self.skip(_BLANK)
        while not self.take("}"):
            self.pair(path)
            self.skip(_BLANK)
            if not self.take(","):
                self.expect("}")
                return
            self.skip(_BLANK)

    def mention(self, path: KeyPath, line: int) -> None:
        """Note the line of a key and of the tables that it brings into being."""
        self.limit_depth(path)
        for length in range(len(path), 0, -1):
            if path[:length] in self.lines.of:
                return
            self.lines.of[path[:length]] = line

    def duplicate(
        self,
        path: KeyPath,
        line: int,
        value: str | None = None,
        span: tuple[int, int] | None = None,
    ) -> None:
        first_line = self.lines.of[path]
        self.lines.duplicates.append(Duplicate(path, line, first_line, value, span))

    def limit_depth(self, path: KeyPath) -> None:
        if len(path) > MAX_DEPTH:
            raise _Stop((self.line(self.at), _TOO_DEEP))

    def key(self) -> tuple[str, ...]:
        found = scan_key(self.text, self.at)
        if found is None:
            raise _Stop
        parts, self.at = found
        self.limit_depth(parts)
        return parts

    def end_of_line(self) -> None:
        self.skip(_SPACE)
        if self.at < len(self.text) and self.text[self.at] not in "#\n":
            raise _Stop

    def skip(self, pattern: re.Pattern[str], *, needed: bool = False) -> None:
        match = pattern.match(self.text, self.at)
        if match is None:
            if needed:
                raise _Stop
            return
        self.at = match.end()

    def take(self, token: str) -> bool:
        found = self.text.startswith(token, self.at)
        self.at += len(token) if found else 0
        return found

    def expect(self, token: str) -> None:
        if not self.take(token):
            raise _Stop

    def line(self, at: int) -> int:
        return bisect_right(self.newlines, at - 1) + 1
