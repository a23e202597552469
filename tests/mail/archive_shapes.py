"""Archives for tests, honest and other ones."""

import io
import tarfile
import zipfile
from struct import pack

STORED, DEFLATED, LZMA = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA


def zip_of(files: dict[str, bytes], comment: bytes = b"", method: int = DEFLATED) -> bytes:
    """A zip archive as most programs make it."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        archive.comment = comment
    return made.getvalue()


def tar_of(files: dict[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    """A tar archive."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=form) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return made.getvalue()


def local(
    name: bytes, data: bytes = b"", flags: int = 0, size: int | None = None, method: int = 0
) -> bytes:
    """A member of a zip archive with its local header."""
    told = len(data) if size is None else size
    head = pack("<4sHHHHHIIIHH", b"PK\3\4", 20, flags, method, 0, 0, 0, told, told, len(name), 0)
    return head + name + data


def central(
    name: bytes, size: int = 0, offset: int = 0, flags: int = 0, extra: bytes = b""
) -> bytes:
    """A stored member's header in the central directory."""
    head = pack("<4sHHHHHHIII", b"PK\1\2", 20, 20, flags, 0, 0, 0, 0, size, size)
    tail = pack("<HHHHHII", len(name), len(extra), 0, 0, 0, 0, offset)
    return head + tail + name + extra


def end(count: int, size: int, offset: int, comment: bytes = b"") -> bytes:
    """The end record."""
    return pack("<4sHHHHIIH", b"PK\5\6", 0, 0, count, count, size, offset, len(comment)) + comment


def zip_with(locals_: bytes, *entries: bytes) -> bytes:
    """Local headers with data, and a central directory that says what it likes."""
    directory = b"".join(entries)
    return locals_ + directory + end(len(entries), len(directory), len(locals_))


def quine(count: int = 1000) -> bytes:
    """Members that all have the same octets."""
    data = local(b"a", b"x" * 1000)
    return zip_with(data, *[central(b"%d" % number, 1000) for number in range(count)])


def block4(kind: int, flags: int, body: bytes = b"") -> bytes:
    """A block of a RAR 4 archive."""
    return pack("<HBHH", 0, kind, flags, 7 + len(body)) + body


def file4(name: bytes, flags: int = 0, data: bytes = b"x", size: int = 9) -> bytes:
    """A member of a RAR 4 archive."""
    fixed = pack("<IIBIIBBHI", len(data), size, 0, 0, 0, 29, 0x30, len(name), 0)
    return block4(0x74, flags | 0x8000, fixed + name) + data


def rar4(*blocks: bytes, flags: int = 0) -> bytes:
    """A RAR 4 archive."""
    return b"Rar!\x1a\x07\x00" + block4(0x73, flags, bytes(6)) + b"".join(blocks) + block4(0x7B, 0)


def vint(number: int) -> bytes:
    """A number of RAR 5."""
    made = b""
    while number >= 0x80:
        made += bytes([number & 0x7F | 0x80])
        number >>= 7
    return made + bytes([number])


def block5(kind: int, body: bytes = b"", extra: bytes = b"", data: bytes = b"") -> bytes:
    """A block of a RAR 5 archive."""
    flags = (1 if extra else 0) | (2 if data else 0)
    head = vint(kind) + vint(flags)
    head += (vint(len(extra)) if extra else b"") + (vint(len(data)) if data else b"")
    head += body + extra
    return bytes(4) + vint(len(head)) + head + data


def file5(name: bytes, flags: int = 0, extra: bytes = b"", size: int = 300) -> bytes:
    """A member of a RAR 5 archive."""
    times = bytes(4 if flags & 2 else 0) + bytes(4 if flags & 4 else 0)
    body = vint(flags) + vint(size) + vint(0) + times + vint(0) + vint(1) + vint(len(name)) + name
    return block5(2, body, extra, b"data")


def rar5(*blocks: bytes, flags: int = 0) -> bytes:
    """A RAR 5 archive."""
    start = b"Rar!\x1a\x07\x01\x00" + block5(1, vint(flags))
    return start + b"".join(blocks) + block5(5, vint(0))


def seven(header: bytes) -> bytes:
    """A 7z archive without members."""
    start = pack("<QQI", 0, len(header), 0)
    return b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(4) + start + header


SMALL: dict[str, bytes] = {
    "zip": zip_of({"a": b"a" * 99, "b.zip": zip_of({"c.exe": b"MZ"})}),
    "quine": quine(4),
    "zip64": zip_with(
        local(b"a", b"x"), central(b"a", 0xFFFFFFFF, 0xFFFFFFFF, extra=pack("<HHQ", 1, 8, 1 << 40))
    ),
    "tar": tar_of({"a" * 120: b"x", "b.exe": b""})[:3072],
    "rar4": rar4(file4(b"a.exe"), file4(b"b\0zz", 0x204), file4(b"dir", 0xE0)),
    "rar5": rar5(file5(b"a.exe", 6), file5(b"b", extra=b"\x02\x01\x00"), file5(b"c", 1)),
    "7z": seven(b"\x17\x06\xf1\x07\x01"),
}
"""One of each, small enough to be cut at each octet."""
