"""Lists of archives: what an attached file would unpack to, without unpacking it.

Nothing is written to disk, and nothing unpacked beyond the small quotas of `ArchiveBudget`:
archives in archives are listed one level deep. What is not listed is told, so that nobody takes
an archive that could not be read for an empty one.
"""

from time import thread_time

from . import archive_deflate, archive_rar, archive_tar, archive_zip
from .archive import ArchiveBudget, ArchiveListing, Found, Member
from .archive_zip import Entry
from .magic import ARCHIVES, HEAD, magic

MAX_NESTED = 16
"""Archives in one archive that are looked at."""

MAX_NESTED_SIZE = 1024 * 1024
"""Octets of each of them."""

MAX_TAR = 4 * 1024 * 1024
"""Octets of a packed tar archive."""

_STORED, _DEFLATED = 0, 8
_READ_FROM_END = (".zip", ".jar")
_NESTED = (".zip", ".jar", ".rar", ".7z", ".gz", ".tgz", ".tar", ".iso", ".img", ".cab")


def may_be_archive(kind: str, name: str) -> bool:
    """Whether a file can be an archive, by its first octets (`magic`) or else by its name.

    Programs find a zip archive by its end, behind whatever there is.
    """
    return kind in ARCHIVES or kind in ("", "exe") or name.lower().endswith(_READ_FROM_END)


def kind_of(data: bytes, name: str = "") -> str:
    """The kind of archive that octets are, or an empty text.

    A program with an archive behind it is one that unpacks itself: an archive, too.
    """
    kind = magic(data)
    if kind in ARCHIVES or not may_be_archive(kind, name):
        return kind if kind in ARCHIVES else ""
    if archive_tar.looks_like_tar(data):
        return "tar"
    if archive_zip.has_end(data):
        return "zip"
    return "rar" if kind == "exe" and archive_rar.SIGNATURE in data else ""


def list_archive(data: bytes, budget: ArchiveBudget, name: str = "") -> ArchiveListing | None:
    """List what is in an archive; None for octets that are none. Never raises.

    `name` is the file's own, from which that of a single packed file is told.
    """
    kind = kind_of(data, name)
    return _list(data, kind, budget, name, is_nested=False) if kind else None


def _list(
    data: bytes, kind: str, budget: ArchiveBudget, name: str, *, is_nested: bool
) -> ArchiveListing:
    found = Found(kind, budget)
    if kind == "zip":
        began = thread_time()
        entries = archive_zip.read_zip(data, found)
        budget.seconds -= thread_time() - began
        if not is_nested:
            _list_nested(data, entries, found)
    elif kind == "tar":
        archive_tar.read_tar(data, found)
    elif kind == "gz":
        _list_gzip(data, found, name, is_nested)
    elif kind == "rar":
        archive_rar.read_rar(data, found)
    elif kind == "7z":
        archive_rar.read_7z(data, found)
    else:
        found.stop("unknown")
    return found.listing()


def _list_gzip(data: bytes, found: Found, name: str, is_nested: bool) -> None:
    head = archive_deflate.unpack(data, HEAD, found)
    is_cut, found.cut = found.cut == "octets", "" if found.cut == "octets" else found.cut
    if archive_tar.looks_like_tar(head):
        found.kind = "tar"
        tar = archive_deflate.unpack(data, MAX_TAR, found) if is_cut else head
        archive_tar.read_tar(tar, found)
        return
    size = int.from_bytes(data[-4:], "little")
    inner = archive_deflate.gzip_name(data) or _without_end(name)
    found.add(Member(inner, size, len(data)))
    kind = magic(head)
    if kind in ARCHIVES and not is_nested:
        whole = archive_deflate.unpack(data, MAX_NESTED_SIZE, found) if is_cut else head
        found.take(_list(whole, kind, found.budget, inner, is_nested=True), inner)


def _without_end(name: str) -> str:
    """`report.txt` of `report.txt.gz`."""
    return name.rpartition(".")[0]


def _list_nested(data: bytes, entries: list[Entry], found: Found) -> None:
    nested = [entry for entry in entries if entry.member.name.lower().endswith(_NESTED)]
    for entry in nested[:MAX_NESTED]:
        octets = _octets_of(data, entry, found)
        kind = kind_of(octets)
        if kind:
            name = entry.member.name
            found.take(_list(octets, kind, found.budget, name, is_nested=True), name)
    if len(nested) > MAX_NESTED:
        found.stop("members")


def _octets_of(data: bytes, entry: Entry, found: Found) -> bytes:
    """The octets of a member, as many as may be looked at; none if they cannot be had."""
    member = entry.member
    if member.is_encrypted or entry.data < 0 or entry.method not in (_STORED, _DEFLATED):
        found.stop("unknown")
        return b""
    packed = data[entry.data : entry.data + min(member.packed, MAX_NESTED_SIZE)]
    if entry.method == _STORED:
        # Many members may have the same octets: to look at them costs as much as to unpack them.
        packed = packed[: found.budget.unpacked]
        found.budget.unpacked -= len(packed)
        if len(packed) < member.packed:
            found.stop("octets")
        return packed
    return archive_deflate.unpack(packed, MAX_NESTED_SIZE, found, form=archive_deflate.RAW)
