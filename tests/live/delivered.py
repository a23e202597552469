"""Reading messages as they were delivered."""

from email.header import decode_header, make_header
from email.parser import BytesHeaderParser

OWN_FIELDS = (b"x-spam", b"x-mailfilter")
"""How the names of fields begin that the filter may add to any message."""
TRACE_FIELDS = (b"received", b"return-path", b"x-original-to", b"delivered-to")


def header_lines(message: bytes) -> list[bytes]:
    """The header fields as they are, folds kept, in their order, LF line ends."""
    head = message.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    fields: list[bytes] = []
    for line in head.split(b"\n"):
        if line[:1] in (b" ", b"\t"):
            fields[-1] += b"\n" + line
        else:
            fields.append(line)
    return fields


def without_ours(message: bytes) -> list[bytes]:
    """The header fields without those of Postfix's delivery and those that we may add."""
    return [
        line
        for line in header_lines(message)
        if not line.lower().startswith((*OWN_FIELDS, *TRACE_FIELDS))
    ]


def values(message: bytes, name: str) -> list[str]:
    """The values of a field, encoded words decoded."""
    found = BytesHeaderParser().parsebytes(message).get_all(name) or []
    return [str(make_header(decode_header(value))) for value in found]
