"""Is there a program in an attached archive, and is somebody lured to run it?"""

import re
from collections.abc import Iterator

from ..mail.text import normal_form
from ..scan.check import Check, Findings, Symbol
from ..scan.task import Task
from ._archives import Attached, File, attached, files_of, told
from ._files import extensions_of
from ._option_hits import OptionHits

MAX_SUBJECT = 512
"""Characters of the subject that are looked at."""

UDF_RATIO = 500
"""Octets from one packed octet: an image of a disk that is nearly empty."""

_LURE = re.compile(
    r"(?<![^\W_\d])(?:invoices?|inv|payments?|paid|receipts?|remittance|swift|bank|statements?"
    r"|orders?|po|purchase|quot(?:e|es|ation|ations)|rfq|proforma|contracts?|agreements?"
    r"|shipping|shipments?|delivery|parcel|awb|bl|customs|dhl|fedex|ups|docs?|documents?|scans?"
    r"|scanned|cop(?:y|ies)|details?|resume|cv|photos?|images?|tax|refund|salary|urgent"
    r"|rechnung|zahlung|bestellung|lieferung|mahnung|factura|pago|pedido|cotizaci.n|comprobante"
    r"|facture|commande|devis|fattura|pagamento|ordine|fatura|boleto|faktura|siparis)"
    r"(?![^\W_\d])"
)
"""Words of business that make one open a file."""

_RAR_NAMES = re.compile(r"rar|rev|cbr|exe|r\d\d|\d{2,3}")
_GENERIC_PIECE = re.compile(r"\d{2,3}")
_TOP_DOMAINS = frozenset(("at", "ch", "de", "es", "eu", "fr", "it", "net", "nl", "org", "uk"))
_IMAGES_OF_DISKS = frozenset(("iso", "img", "udf"))


class ArchivePrograms(Check):
    """Looks at the extensions of files in archives, and at names around them."""

    name = "archive_programs"
    after = ("archives",)
    symbols = {
        "EXE_ARCHIVE_CLICKBAIT_FILENAME": Symbol(
            9.0, "malware", "executable in an archive with a luring name"
        ),
        "EXE_ARCHIVE_CLICKBAIT_SUBJECT": Symbol(
            9.0, "malware", "executable in an archive with a luring subject"
        ),
        "EXE_IN_ARCHIVE": Symbol(1.5, "malware", "executable in an archive"),
        "EXE_IN_MISIDENTIFIED_RAR": Symbol(
            5.0, "malware", "executable in a RAR with a wrong extension"
        ),
        "MIME_EXE_IN_GEN_SPLIT_RAR": Symbol(
            5.0, "mime_types", "executable in a split RAR with a generic suffix"
        ),
        "MISIDENTIFIED_RAR": Symbol(4.0, "malware", "RAR with a wrong extension"),
        "SINGLE_FILE_ARCHIVE_WITH_EXE": Symbol(
            5.0, "malware", "archive holding just one executable"
        ),
        "UDF_COMPRESSION_500PLUS": Symbol(
            9.0, "ungrouped", "UDF image in an archive compressed more than 500 times"
        ),
    }

    def run(self, task: Task) -> Findings:
        hits = OptionHits()
        for archive in attached(task.message):
            files = list(files_of(archive.listing))
            for file in files:
                if file.last in _IMAGES_OF_DISKS and _is_nearly_empty(file):
                    hits.add("UDF_COMPRESSION_500PLUS", told(file.member.name))
            programs = _programs(files)
            if archive.listing.kind == "rar":
                for symbol in _of_rar(archive, bool(programs)):
                    hits.add(symbol, told(archive.names[0]))
            if programs:
                for symbol in _of_programs(archive, programs, task.message.subject or ""):
                    hits.add(symbol, told(programs[0].member.name))
        return hits.hits()


def _programs(files: list[File]) -> list[File]:
    """Files that Windows runs; `example.com` beside `example.org` is a host's name."""
    has_hosts = any(file.last in _TOP_DOMAINS for file in files)
    return [file for file in files if file.is_program and not (has_hosts and file.last == "com")]


def _is_nearly_empty(file: File) -> bool:
    member = file.member
    return member.packed > 0 and member.size >= UDF_RATIO * member.packed


def _of_rar(archive: Attached, has_program: bool) -> Iterator[str]:
    """An archive without a name is told by its type alone."""
    endings = {extensions_of(name)[0] for name in archive.names}
    if not endings:
        return
    if not all(map(_RAR_NAMES.fullmatch, endings)):
        yield "MISIDENTIFIED_RAR"
        if has_program:
            yield "EXE_IN_MISIDENTIFIED_RAR"
    elif has_program and all(map(_GENERIC_PIECE.fullmatch, endings)):
        yield "MIME_EXE_IN_GEN_SPLIT_RAR"


def _of_programs(archive: Attached, programs: list[File], subject: str) -> Iterator[str]:
    yield "EXE_IN_ARCHIVE"
    members = archive.listing.members
    outer = [member for member in members if not (member.is_folder or member.within)]
    if outer == [programs[0].member]:
        yield "SINGLE_FILE_ARCHIVE_WITH_EXE"
        if any(map(_lures, (*archive.names, programs[0].member.name))):
            yield "EXE_ARCHIVE_CLICKBAIT_FILENAME"
        if _lures(subject):
            yield "EXE_ARCHIVE_CLICKBAIT_SUBJECT"


def _lures(text: str) -> bool:
    return _LURE.search(normal_form(text[:MAX_SUBJECT])) is not None
