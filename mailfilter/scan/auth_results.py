"""What is told of a message's authentication: the results, who vouches for them, and the value of
Authentication-Results (RFC 8601)."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from ..mail.field_text import (
    FOLD,
    MAX_PROPERTY,
    MAX_REMARK,
    MAX_TEXT,
    as_value,
    comment,
    quoted,
    wrapped,
)
from ..syntax import MAX_HOST_NAME
from .envelope import Envelope
from .verdict import AuthResult, Verdict

MAX_OF_METHOD = 10
"""Results of one method: who adds signatures without end must not push others out."""

_ORDER = ("auth", "spf", "dkim", "dmarc", "arc")
"""Of methods; others follow."""

_TOKEN = r"[!#$%&'*+.0-9A-Z^_`a-z{|}~-]+"
_PLAIN_VALUE = re.compile(rf"(?:{_TOKEN})?@?{_TOKEN}")


def authserv_id(configured: str, envelope: Envelope, host: str) -> str:
    """Our name: that of the configuration, or the MTA's as it tells us, or this machine's."""
    name = configured or envelope.mta_host or ""
    return name if 0 < len(name) <= MAX_HOST_NAME and name.strip() else host


def auth_results(envelope: Envelope, verdict: Verdict) -> tuple[AuthResult, ...]:
    """What checks have found, and before it that the client has logged in.

    The order does not depend on which check ended first.
    """
    results = tuple(sorted(verdict.auth_results, key=_place))
    if not envelope.user or any(result.method == "auth" for result in results):
        return results
    properties = (("smtp.auth", envelope.user), ("smtp.mailfrom", envelope.sender or ""))
    return (AuthResult("auth", "pass", properties=properties), *results)


def _place(result: AuthResult) -> int:
    return _ORDER.index(result.method) if result.method in _ORDER else len(_ORDER)


def field_value(name: str, results: Iterable[AuthResult]) -> str:
    """The value of a field of that server; folds are LF and TAB, all else printable ASCII."""
    size = len(name)
    lines = [as_value(name, _PLAIN_VALUE)]
    of_method: Counter[str] = Counter()
    for result in results:
        of_method[result.method] += 1
        if of_method[result.method] > MAX_OF_METHOD:
            continue
        text = wrapped(_items(result))
        size += len(text) + 3
        if size > MAX_TEXT:
            break
        lines.append(text)
    if len(lines) == 1:
        lines.append("none")
    return f";{FOLD}".join(lines)


def _items(result: AuthResult) -> Iterator[str]:
    yield f"{result.method}={result.result}"
    if result.comment:
        yield comment(result.comment)
    if result.reason:
        yield f"reason={quoted(result.reason[:MAX_REMARK])}"
    for name, value in result.properties:
        if value and len(value) <= MAX_PROPERTY:
            yield f"{name}={as_value(value, _PLAIN_VALUE)}"
