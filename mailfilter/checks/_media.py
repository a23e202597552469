"""Content types that people send each other, and others."""

GOOD = frozenset(
    {
        "text/plain",
        "text/html",
        "text/calendar",
        "multipart/alternative",
        "multipart/mixed",
        "multipart/related",
        "multipart/report",
        "multipart/signed",
        "multipart/encrypted",
        "message/delivery-status",
        "message/disposition-notification",
        "message/rfc822",
        "application/pgp-signature",
        "application/pkcs7-signature",
        "image/gif",
        "image/jpeg",
        "image/png",
    }
)

BAD = frozenset(
    {
        "application/bat",
        "application/exe",
        "application/hta",
        "application/javascript",
        "application/vnd.microsoft.portable-executable",
        "application/x-bat",
        "application/x-dosexec",
        "application/x-exe",
        "application/x-java-archive",
        "application/x-javascript",
        "application/x-ms-dos-executable",
        "application/x-ms-installer",
        "application/x-ms-shortcut",
        "application/x-msdos-program",
        "application/x-msdownload",
        "application/x-msi",
        "application/x-vbs",
        "application/x-winexe",
        "text/javascript",
        "text/vbscript",
    }
)
"""Types of what runs when it is opened."""

REGISTERED = frozenset(
    (
        "application",
        "audio",
        "example",
        "font",
        "haptics",
        "image",
        "message",
        "model",
        "multipart",
        "text",
        "video",
    )
)
"""The top level types of IANA's registry."""

_GENERIC = ("application/octet-stream", "application/binary", "application/unknown")


def is_known(media_type: str) -> bool:
    """Whether the type says what the part is."""
    return media_type.split("/", 1)[0] in REGISTERED and media_type not in _GENERIC
