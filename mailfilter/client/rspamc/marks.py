"""The fields that LDA mode writes into a message: their names, and values as rspamc writes them.

Where rspamc would write what is no header, or ends itself, here is what was meant.

Sources: lda-client.md 5.3; runs of rspamc 3.4 against canned replies.
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from math import ceil
from typing import Any

from ... import __version__
from ...report.headers import MAX_VALUE
from ...scan.verdict import TOLD_AS_SPAM, AddHeader
from .exchange import Reply
from .options import Options
from .scan_text import action_of
from .values import elements, members, number, text

SCANNER = f"mailfilterc {__version__}"

MAX_LEVEL = 32
"""Stars of X-Spam-Level."""

RESULT_COLUMNS = 60
"""Characters of a line of X-Spam-Result."""

_SPAM = frozenset(action.value for action in TOLD_AS_SPAM)
"""Not soft reject, other than rspamc has it: greylisted mail is no spam."""

_REST_OF_NAMES = ("", "-scanner", "-scan-time", "-action", "-score", "-level", "-symbols")
OWN = frozenset(f"x-spam{rest}" for rest in (*_REST_OF_NAMES, "-result", "-error"))
"""Names in lower case. A reply that brings such a field cannot speak for us."""


def verdict_fields(reply: Reply) -> Iterator[AddHeader]:
    """The verdict, in rspamc's order; X-Spam-Result comes last of all fields."""
    fields = reply.fields
    score, required = number(fields.get("score")), number(fields.get("required_score"))
    yield AddHeader("X-Spam-Scanner", SCANNER)
    yield AddHeader("X-Spam-Scan-Time", f"{reply.seconds:.3g}")
    if action_of(fields) in _SPAM:
        yield AddHeader("X-Spam", "yes")
    yield AddHeader("X-Spam-Action", text(fields.get("action")))
    yield AddHeader("X-Spam-Score", f"{score:.2f} / {required:.2f}")
    yield AddHeader("X-Spam-Level", "*" * ceil(max(0, min(score, MAX_LEVEL))))
    yield AddHeader("X-Spam-Symbols", _symbols(fields))
    found = fields.get("dkim-signature")
    for value in [found] if isinstance(found, str) else elements(found):
        if isinstance(value, str) and value:
            yield AddHeader("DKIM-Signature", value)


def result_fields(reply: Reply, options: Options) -> Iterator[AddHeader]:
    """The reply itself, if that is wanted; none of one too large or too deep for a header."""
    match options.output:
        case "json" | "compact":
            from . import json_text

            emit = json_text.pretty if options.output == "json" else json_text.compact
        case "ucl":
            from . import ucl_text

            emit = ucl_text.emit
        case _:
            return
    try:
        shown = emit(reply.document)
    except RecursionError:
        return
    octets = b64encode(shown.encode("utf-8", "surrogatepass")).decode("ascii")
    value = "\n\t".join(
        octets[at : at + RESULT_COLUMNS] for at in range(0, len(octets), RESULT_COLUMNS)
    )
    if len(value) <= MAX_VALUE:
        yield AddHeader("X-Spam-Result", value)


def error_fields(reason: str) -> Iterator[AddHeader]:
    """Why there is no verdict."""
    yield AddHeader("X-Spam-Scanner", SCANNER)
    yield AddHeader("X-Spam-Scan-Time", "0.000")
    yield AddHeader("X-Spam-Error", reason)


def _symbols(fields: Mapping[str, Any]) -> str:
    """Names, each on a line of its own; of very many, those that fit."""
    found = members(fields.get("symbols")).items()
    names = ",".join(text(name) for name, symbol in found if isinstance(symbol, dict))
    value = names.replace(",", ",\n\t")
    return value if len(value) <= MAX_VALUE else value[: value.rfind("\n", 0, MAX_VALUE)]
