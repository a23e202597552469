"""Which charset octets are in when nobody says so."""


def guess(data: bytes) -> str:
    """Name of the likely charset of octets that are not UTF-8."""
    return "cp1252"
