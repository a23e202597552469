"""What several layers hold texts to: header fields, lines of SMTP replies; and how moments look."""

import re
from datetime import UTC, datetime

MAX_FIELD_NAME = 255
"""Octets of a field name: longer ones do not occur in mail and break the 998 octet line."""

FIELD_NAME = re.compile(rf"[!-9;-~]{{1,{MAX_FIELD_NAME}}}")
"""RFC 5322 3.6.8."""

MAX_HOST_NAME = 255
"""Characters of a host name (RFC 1035 2.3.4)."""

MAX_REPLY_LINE = 980
"""Octets of the text of one SMTP reply line that libmilter passes on, percent signs doubled
(milter.md 2.4)."""

CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
"""What no value of a header of a request holds: control characters but tabs."""

NOT_PRINTABLE = re.compile(r"[^ -~]")
"""What is not printable ASCII."""

REPLY_CODES = re.compile(r"([45])[0-9]{2} ([45])\.[0-9]{1,3}\.[0-9]{1,3}(?: |$)")
"""Codes with which a text for a reply begins, as `450 4.7.1`; the groups are their classes
(RFC 5321 4.2.1, RFC 3463 2)."""


def moment(at: float) -> str:
    """Unix time as people write it, in UTC; `-` where no calendar has it."""
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, OSError, ValueError):
        return "-"
