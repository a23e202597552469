"""The value of the field Received-SPF (RFC 7208 9.1)."""

import re
from collections.abc import Iterator

from ..mail.field_text import MAX_PROPERTY, as_value, comment, wrapped
from ..scan.verdict import AuthResult, Verdict

_ATOM = r"[!#$%&'*+/0-9=?A-Z^_`a-z{|}~-]+"
_DOT_ATOM = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")

_WORDS = {
    "pass": "{domain} allows {ip}",
    "fail": "{domain} forbids {ip}",
    "softfail": "{domain} does not expect {ip}",
    "neutral": "{domain} says nothing of {ip}",
    "none": "{domain} has no record",
}
"""The comment; of errors it is what went wrong."""


def received_spf(verdict: Verdict, receiver: str) -> str | None:
    """The value, if SPF was checked; `receiver` is the name of this host."""
    for result in verdict.auth_results:
        if result.method == "spf":
            return wrapped(_items(result, receiver))
    return None


def _items(result: AuthResult, receiver: str) -> Iterator[str]:
    facts = dict(result.facts)
    yield result.result
    yield comment(_remark(result, facts))
    told = {**facts, "problem": result.reason, "receiver": receiver}
    pairs = [
        f"{key}={as_value(value, _DOT_ATOM)}"
        for key, value in told.items()
        if value and len(value) <= MAX_PROPERTY
    ]
    for place, pair in enumerate(pairs, 1):
        yield pair if place == len(pairs) else f"{pair};"


def _remark(result: AuthResult, facts: dict[str, str]) -> str:
    sender = facts.get("envelope-from") or facts.get("helo", "")
    words = _WORDS.get(result.result)
    if words is None:
        return result.reason or "no answer"
    domain = sender.rpartition("@")[2] or sender
    return words.format(domain=domain, ip=facts.get("client-ip", ""))
