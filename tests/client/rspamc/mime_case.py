"""Messages that LDA mode puts out, in pure functions, for its tests."""

from typing import Any

from mailfilter.client.rspamc.exchange import Item, Reply
from mailfilter.client.rspamc.marks import SCANNER
from mailfilter.client.rspamc.mime import scanned, unscanned
from mailfilter.client.rspamc.options import Options

MESSAGE = b"From: a@b\nSubject: x\n\nbody\n"
NO_OPTIONS = Options(is_mime=True)
LENGTH = (("Content-Length", "1"),)
VERDICT = {"action": "no action", "score": 0.0, "required_score": 15.0, "symbols": {}}

ERROR = f"X-Spam-Scanner: {SCANNER}\nX-Spam-Scan-Time: 0.000\nX-Spam-Error: down\n".encode()
HAM = (
    f"X-Spam-Scanner: {SCANNER}\nX-Spam-Scan-Time: 0.01\nX-Spam-Action: no action\n"
    "X-Spam-Score: 0.00 / 15.00\nX-Spam-Level: \nX-Spam-Symbols: \n"
).encode()
ENDS = (b"\n", b"\r\n", b"\r")


def answer(body: bytes | None = None, **members: Any) -> Reply:
    """A reply with a verdict of ham, and more."""
    named = {
        name.replace("_", "-") if "dkim" in name else name: value for name, value in members.items()
    }
    return Reply(Item("stdin"), 0.01, LENGTH, b"", {**VERDICT, **named}, body)


def failed(raw: bytes, options: Options = NO_OPTIONS) -> bytes:
    """The message of which no verdict is there."""
    return b"".join(unscanned(raw, "down", options))


def marked(
    raw: bytes, body: bytes | None = None, options: Options = NO_OPTIONS, **members: Any
) -> bytes:
    """The message with a verdict."""
    return b"".join(scanned(raw, answer(body, **members), options))
