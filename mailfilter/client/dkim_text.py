"""What is found of a key that signs mail, for people and for programs."""

from collections.abc import Iterator, Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from ..auth.private_key import PrivateKey, public_record
from ..config.signing_rules import record_name
from ..report.escape import escape
from .dkim_check import KeyFindings, Published
from .tls_text import table

MAX_STRING = 255
"""Octets of one string of a TXT record (RFC 1035 3.3.14)."""
MAX_SHOWN = 10
"""Records."""
MAX_TEXT = 120
"""Characters of one."""


def zone_line(domain: str, selector: str, key: PrivateKey) -> str:
    """The record of a key as a line of a zone."""
    text = public_record(key)
    strings = (text[at : at + MAX_STRING] for at in range(0, len(text), MAX_STRING))
    quoted = " ".join(f'"{part}"' for part in strings)
    return f"{record_name(domain, selector)}. IN TXT {quoted}"


def findings_lines(found: KeyFindings) -> Iterator[str]:
    """What DNS has, what we have, and what comes of both."""
    rows = [("record", found.name)]
    for record in found.records[:MAX_SHOWN]:
        rows.append(("", escape(record.text.decode("utf-8", "backslashreplace"), MAX_TEXT)))
        rows.append(("", f"  {_kind_of(record)}"))
    rows.append(("our key", escape(_own_text(found))))
    if found.signature:
        rows.append(("test signature", found.signature))
    rows += [("warning", escape(text)) for text in found.warnings]
    rows += [("problem", escape(text)) for text in found.problems]
    yield from table(rows)
    if found.problems and found.own.private is not None:
        yield ""
        yield "To be published:"
        yield zone_line(found.domain, found.selector, found.own.private)


def plain_findings(found: KeyFindings) -> Mapping[str, Any]:
    """The same, for programs."""
    own = found.own
    return {
        "domain": found.domain,
        "selector": found.selector,
        "name": found.name,
        "records": [
            {
                "text": record.text.decode("utf-8", "backslashreplace"),
                "key": "" if record.key is None else record.key.kind,
                "bits": None if record.key is None else record.key.bits,
                "trouble": record.trouble,
            }
            for record in found.records
        ],
        "file": own.file,
        "expected": "" if own.private is None else public_record(own.private),
        "signature": found.signature,
        "warnings": [*found.warnings],
        "problems": [*found.problems],
        "is_good": not found.problems,
    }


def _kind_of(record: Published) -> str:
    if record.key is None:
        return escape(record.trouble)
    return f"RSA, {record.key.bits} bits" if record.key.kind == "rsa" else "Ed25519"


def _own_text(found: KeyFindings) -> str:
    private = found.own.private
    if private is None:
        return found.own.trouble or "none is configured; --key FILE names one"
    kind = f"RSA, {private.key_size} bits" if isinstance(private, RSAPrivateKey) else "Ed25519"
    return f"{kind}, {found.own.file}"
