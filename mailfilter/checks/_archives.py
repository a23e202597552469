"""Archives that are attached, and the files in them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from ..mail import Message
from ..mail.archive import ArchiveListing, Member
from ..mail.part import Part
from ._files import MAX_FILES, MAX_NAMES, extensions_of

MAX_END = 64
"""Characters of a member's name, from its end, that its extensions are looked for in."""

BAD: Mapping[str, float] = {
    "chm": 4,
    "docx": 0.1,
    "exe": 0.1,
    "hta": 4,
    "iso": 4,
    "jar": 3,
    "js": 0.5,
    "lnk": 4,
    "pdf": 0.1,
    "pptx": 0.1,
    "vbs": 4,
    "wsf": 4,
    "xlsx": 0.1,
}
"""Extension -> how bad it is in an archive, as a weight."""

DOCUMENTS = frozenset(("docx", "odp", "ods", "odt", "pptx", "vsdx", "xlsx"))
"""Files that are archives only within."""

_ARCHIVES = "7z ace alz arj cab egg lha lzh rar tar tgz z zip zipx zpaq"
ARCHIVES = frozenset(_ARCHIVES.split())
"""Extensions of archives."""

PACKED = frozenset(("bz2", "gz", "xz", "zst"))
"""Extensions of single files that are packed, as logs and patches often are."""

PROGRAMS = frozenset(("bat", "cmd", "com", "cpl", "exe", "msi", "pif", "scr"))
"""Extensions of what Windows runs."""

_PART_OF_DOCUMENT = re.compile(r"\.(?:key|numbers|pages)/Index\.zip\Z")
"""Documents of Apple's programs may be folders, with an archive in each."""


class Attached(NamedTuple):
    """An archive that is attached."""

    part: Part
    names: tuple[str, ...]
    listing: ArchiveListing


class File(NamedTuple):
    """A file in an archive, by one reading of its name."""

    member: Member
    last: str
    """Its extension."""
    before: str
    """Another one before that."""

    @property
    def is_archive(self) -> bool:
        is_one = self.last in ARCHIVES or (self.last in PACKED and self.before == "tar")
        return is_one and not _PART_OF_DOCUMENT.search(self.member.name)

    @property
    def is_program(self) -> bool:
        return self.last in PROGRAMS


def candidates(message: Message) -> Iterable[Part]:
    """Parts that are files, by name or by type, as many as are looked at."""
    return _files(message)[:MAX_FILES]


def has_more(message: Message) -> bool:
    """Whether there are more files than are looked at."""
    return len(_files(message)) > MAX_FILES


def _files(message: Message) -> list[Part]:
    return [
        part
        for part in (*message.leaves, *message.alternatives)
        if part.filenames or not part.is_text
    ]


def attached(message: Message) -> Iterator[Attached]:
    """Archives that are attached; documents that are archives only within are none."""
    for part in candidates(message):
        names = part.filenames[:MAX_NAMES]
        if names and all(extensions_of(name)[0] in DOCUMENTS for name in names):
            continue
        listing = part.archive
        if listing is not None:
            yield Attached(part, names, listing)


def files_of(listing: ArchiveListing) -> Iterator[File]:
    """The files in an archive; one whose name has a zero octet twice, as some end it there."""
    for member in listing.members:
        if member.is_folder:
            continue
        yield _file(member, member.name)
        if "\0" in member.name:
            yield _file(member, member.name.partition("\0")[0])


def _file(member: Member, name: str) -> File:
    return File(member, *extensions_of(name.rstrip(". \t\r\n\0")[-MAX_END:]))


def told(name: str) -> str:
    """A name as an option of a symbol: without what may not be seen."""
    return name.encode("unicode_escape").decode("ascii") if not name.isprintable() else name
