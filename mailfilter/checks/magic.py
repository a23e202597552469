"""Is a file what its name says, by its first octets?"""

from collections.abc import Iterator, Mapping

from ..mail.images import image_size
from ..mail.magic import PROGRAMS, markup
from ..mail.part import Part
from ..scan.check import Check, Findings, Symbol
from ..scan.task import Task
from ._archives import candidates
from ._files import BAD, MAX_NAMES, extensions_of
from ._media import BAD as BAD_TYPES
from ._option_hits import OptionHits

MAX_PIXELS = 1 << 28
"""Pixels of a picture that no camera makes: a gibibyte for who decodes it."""

_PICTURES = frozenset(("png", "jpeg", "gif", "bmp", "tiff", "webp", "heif"))
_OFFICE = frozenset(("ole", "zip", "rtf"))

KINDS: Mapping[str, frozenset[str]] = {
    extension: kinds
    for extensions, kinds in (
        ("pdf", frozenset(("pdf",))),
        ("doc dot xls ppt pps rtf", _OFFICE | {"html", "xml"}),
        ("docx xlsx pptx ppsx", _OFFICE),
        ("odt ods odp", frozenset(("zip",))),
        ("zip", frozenset(("zip",))),
        ("7z", frozenset(("7z",))),
        ("gz tgz", frozenset(("gz",))),
        ("jpg jpeg jpe jfif png gif bmp tif tiff webp", _PICTURES),
        ("mp3 wav", frozenset(("wav", "mp4"))),
        ("mp4 avi mov", frozenset(("mp4", "avi"))),
        ("txt csv log htm html eml ics", frozenset()),
    )
    for extension in extensions.split()
}
"""Extension -> kinds of files that have it; many programs take one picture for another."""

MACROS = "vbaproject.bin"
"""The member of an Office document that has its macros (ECMA-376, MS-OFFMACRO2)."""

_WITHOUT_MACROS = frozenset(("docx", "xlsx", "pptx", "ppsx"))
"""Documents of which Office says that they have no macros."""

_COMMON = frozenset(("lzma", "ps", "tar", "arj", "lha", "rar"))
"""Kinds whose octets texts may begin with, or that have a symbol of their own."""


class Magic(Check):
    """Looks at files whose name or type is known, and at the size that pictures tell.

    `archives` has read large files in turns.
    """

    name = "magic"
    after = ("archives",)
    symbols = {
        "FILE_KIND_WRONG": Symbol(1.0, "mime_types", "file is of another kind than its name says"),
        "IMAGE_BOMB": Symbol(
            2.0, "mime_types", "picture whose header tells a size that fills the memory"
        ),
        "PROGRAM_DISGUISED": Symbol(
            4.0, "mime_types", "program with the name and type of something else"
        ),
    }

    def run(self, task: Task) -> Findings:
        hits = OptionHits()
        for part in candidates(task.message):
            for symbol, option in _of_part(part):
                hits.add(symbol, option)
        return hits.hits()


def _of_part(part: Part) -> Iterator[tuple[str, str]]:
    endings = [extensions_of(name)[0] for name in part.filenames[:MAX_NAMES]]
    kind = part.magic or (markup(part.head) if any(map(KINDS.get, endings)) else "")
    if not kind:
        return
    if kind in PROGRAMS:
        if part.type not in BAD_TYPES and not any(ending in BAD for ending in endings):
            yield "PROGRAM_DISGUISED", _told(kind, endings, part)
    elif kind not in _COMMON:
        known = [KINDS[ending] for ending in endings if ending in KINDS]
        if known and all(kind not in kinds for kinds in known):
            yield "FILE_KIND_WRONG", _told(kind, endings, part)
    if kind == "zip" and not _WITHOUT_MACROS.isdisjoint(endings) and _has_macros(part):
        yield "FILE_KIND_WRONG", _told("macros", endings, part)
    size = image_size(kind, part.head)
    if size is not None and size.width * size.height >= MAX_PIXELS:
        yield "IMAGE_BOMB", f"{size.width}x{size.height}"


def _has_macros(part: Part) -> bool:
    members = part.archive.members if part.archive else ()
    return any(member.name.lower().endswith(MACROS) for member in members)


def _told(kind: str, endings: list[str], part: Part) -> str:
    return f"{endings[0] if endings else part.type}:{kind}"
