"""What do attached archives say of themselves?"""

from collections.abc import Iterator

from ..mail.archive import Member
from ..scan.check import Check, Findings, Symbol
from ..scan.task import Task
from ._archives import Attached, attached, candidates, files_of, has_more, told
from ._option_hits import OptionHits

LARGE = 256 * 1024
"""Octets of parts that are worth a turn for others before they are looked at."""

BOMB_RATIO = 1000
"""Octets from one packed octet: next to the most that deflate can do."""

BOMB_SIZE = 1 << 30
"""Octets from which such a file fills something."""

UNCHECKED_RATIO = 200
"""Octets from one packed octet: logs and tables have some dozen."""

UNCHECKED_SIZE = 64 << 20
"""Octets of all members together of which nobody here looks at more than the list."""

_OBFUSCATED = ("unseen", "odd", "differs")


class Archives(Check):
    """Looks at the lists of archives; their members' extensions are another question.

    As it is the first to look at large files, it lets others have their turn in between.
    """

    name = "archives"
    symbols = {
        "ARCHIVE_ABOVE": Symbol(
            2.0, "mime_types", "archive member would unpack outside of its folder"
        ),
        "ARCHIVE_BOMB": Symbol(
            5.0, "mime_types", "archive that is made to fill the disk of who unpacks it"
        ),
        "ARCHIVE_UNCHECKED": Symbol(0.0, "mime_types", "archive that was not looked at wholly"),
        "MIME_ARCHIVE_IN_ARCHIVE": Symbol(5.0, "mime_types", "nested archive"),
        "MIME_ENCRYPTED_ARCHIVE": Symbol(2.0, "mime_types", "password protected archive"),
        "MIME_OBFUSCATED_ARCHIVE": Symbol(2.0, "mime_types", "archive member names are obfuscated"),
    }

    async def run(self, task: Task) -> Findings:
        await _list_in_turns(task)
        hits = OptionHits()
        for archive in attached(task.message):
            for symbol, option in _of_archive(archive):
                hits.add(symbol, told(option))
        if has_more(task.message):
            hits.add("ARCHIVE_UNCHECKED", "files")
        return hits.hits()


async def _list_in_turns(task: Task) -> None:
    """Decode and list what is large, or many small ones, with a turn for each."""
    octets = 0
    for part in candidates(task.message):
        octets += part.end - part.body_start
        if octets < LARGE:
            continue
        await task.pause()
        # Both are kept by the part.
        _ = part.decoded
        await task.pause()
        _ = part.archive
        octets = 0


def _of_archive(archive: Attached) -> Iterator[tuple[str, str]]:
    listing = archive.listing
    name = archive.names[0] if archive.names else listing.kind
    if listing.traits & {"encrypted", "encrypted_list"}:
        yield "MIME_ENCRYPTED_ARCHIVE", name
    for trait in _OBFUSCATED:
        if trait in listing.traits:
            yield "MIME_OBFUSCATED_ARCHIVE", trait
    if "above" in listing.traits:
        yield "ARCHIVE_ABOVE", name
    size = sum(member.size for member in listing.members)
    packed = sum(member.packed for member in listing.members)
    is_large = size >= BOMB_SIZE and (
        any(map(_is_bomb, listing.members)) or size > BOMB_RATIO * packed
    )
    if "overlap" in listing.traits or is_large:
        yield "ARCHIVE_BOMB", name
    why = listing.cut or ("encrypted" if "encrypted_list" in listing.traits else "")
    if not why and size >= UNCHECKED_SIZE and size > UNCHECKED_RATIO * packed:
        why = "ratio"
    if why:
        yield "ARCHIVE_UNCHECKED", f"{listing.kind}:{why}"
    for file in files_of(listing):
        if file.is_archive:
            yield "MIME_ARCHIVE_IN_ARCHIVE", file.last


def _is_bomb(member: Member) -> bool:
    return member.size >= BOMB_SIZE and member.size > BOMB_RATIO * max(member.packed, 1)
