"""Which content types fit which extension of a file."""

from collections.abc import Mapping

_OFFICE = "application/vnd.openxmlformats-officedocument."
_ARCHIVE = "application/zip application/x-zip application/x-zip-compressed application/x-compressed"

FITS: Mapping[str, tuple[str, ...]] = {
    extension: tuple(types.split())
    for extensions, types in (
        ("pdf", "application/pdf application/x-pdf application/acrobat"),
        ("doc dot", "application/msword application/vnd.ms-word application/rtf text/rtf"),
        ("docx", f"{_OFFICE}wordprocessingml. application/msword application/vnd.ms-word"),
        ("xls xlt", "application/vnd.ms-excel application/msexcel application/excel text/"),
        ("xlsx", f"{_OFFICE}spreadsheetml. application/vnd.ms-excel application/msexcel"),
        ("ppt pps", "application/vnd.ms-powerpoint application/mspowerpoint"),
        ("pptx ppsx", f"{_OFFICE}presentationml. application/vnd.ms-powerpoint"),
        ("odt ods odp", "application/vnd.oasis.opendocument."),
        ("rtf", "application/rtf text/rtf text/richtext application/msword"),
        ("zip", _ARCHIVE),
        ("rar", "application/rar application/vnd.rar application/x-rar"),
        ("7z", "application/x-7z"),
        (
            "gz tgz",
            "application/gzip application/x-gzip application/x-compressed application/x-tar",
        ),
        ("jpg jpeg jpe jfif", "image/"),
        ("png", "image/"),
        ("gif", "image/"),
        ("bmp", "image/"),
        ("tif tiff", "image/"),
        ("webp", "image/"),
        ("txt", "text/ message/ application/pgp"),
        ("csv", "text/ application/csv application/vnd.ms-excel application/x-csv"),
        ("mp3 wav", "audio/"),
        ("mp4 avi mov", "video/ audio/"),
    )
    for extension in extensions.split()
}
"""Extension -> what the types that fit it begin with."""

_SAYS_NOTHING = (
    "application/octet-stream",
    "application/binary",
    "application/download",
    "application/force-download",
    "application/unknown",
    "application/x-",
    "multipart/",
)
"""What types begin with that fit any extension."""


def fits(extension: str, media_type: str) -> bool:
    """Whether a type fits an extension; any type fits those that are not known."""
    known = FITS.get(extension)
    return known is None or media_type.startswith((*known, *_SAYS_NOTHING))
