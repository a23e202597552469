"""Which file is meant by a path: our own pages, plotly from its package, and the operator's folder.

A folder may link to files elsewhere, as those of distributions do; a path cannot lead out of it.
"""

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote_to_bytes

OWN = Path(__file__).parents[1] / "web"
"""Our pages."""

INDEX = "index.html"

MAX_PATH = 1024
"""Octets."""

PLOTLY = "/web/lib/plotly.min.js"
"""Leads to the version that is installed, whose own path never changes its content."""


@dataclass(frozen=True, slots=True)
class Place:
    """A file that may be there."""

    path: Path
    is_own: bool
    """One of ours, or of our libraries."""
    is_immutable: bool = False
    """Never another content at the same path."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The client is to ask there."""

    location: str
    """Relative: we do not know behind what we are."""


class Folders:
    """All that is served as files."""

    def __init__(self, static_dir: str) -> None:
        """`static_dir` is the operator's folder, empty if there is none."""
        self._static = Path(static_dir) if static_dir else None
        self._plotly = _plotly()

    def find(self, path: bytes) -> Place | Elsewhere | None:
        """What is at a path, as it is sent; `None` is nothing."""
        parts = _parts(path)
        if parts is None:
            return None
        if parts[:1] == ["web"]:
            return self._own(parts[1:])
        if self._static is not None:
            return _place(self._static, parts or [""], is_own=False)
        return Elsewhere("web/") if not parts or parts == [""] else None

    def _own(self, parts: list[str]) -> Place | Elsewhere | None:
        if not parts:
            return Elsewhere("web/")
        if parts[0] != "lib":
            return _place(OWN, parts, is_own=True)
        if self._plotly is None:
            return None
        name, file = self._plotly
        if parts[1:] == [PLOTLY.rpartition("/")[2]]:
            return Elsewhere(name)
        return Place(file, is_own=True, is_immutable=True) if parts[1:] == [name] else None


def _parts(path: bytes) -> list[str] | None:
    """The parts of a path, of which the last is empty if it is a folder's; `None` if it is odd.

    Names that begin with a dot are nobody's business, and `..` is one of them: a client that means
    it has resolved it itself.
    """
    if len(path) > MAX_PATH:
        return None
    try:
        text = unquote_to_bytes(path).decode()
    except UnicodeDecodeError:
        return None
    if "\0" in text or "\\" in text:
        return None
    parts = text.split("/")
    is_folder = parts[-1] == ""
    names = [part for part in parts if part not in ("", ".")]
    if any(name.startswith(".") for name in names):
        return None
    return [*names, ""] if is_folder else names


def _place(folder: Path, parts: list[str], *, is_own: bool) -> Place:
    *folders, last = parts
    return Place(folder.joinpath(*folders, last or INDEX), is_own)


def _plotly() -> tuple[str, Path] | None:
    """Name and file of the library that plots, if it is installed. It is not imported."""
    spec = find_spec("plotly")
    if spec is None or spec.origin is None:
        return None
    try:
        name = f"plotly-{version('plotly')}.min.js"
    except PackageNotFoundError:
        return None
    return name, Path(spec.origin).parent / "package_data" / "plotly.min.js"
