"""Whether a message says that it came by a mailing list or another mailing."""

from ..mail.headers import Headers

_FIELDS = (
    "List-Id",
    "List-Unsubscribe",
    "List-Post",
    "List-Help",
    "Mailing-List",
    "X-Mailing-List",
)


def is_list(headers: Headers) -> bool:
    """Whether there is a field that lists and mailings have (RFC 2369, RFC 2919, older ones)."""
    return any(name in headers for name in _FIELDS)
