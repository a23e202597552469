"""Replies to requests over HTTP, as values."""

from dataclasses import dataclass

from ..report.reply_json import render_error

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; `error` is set if it refuses the request, and is its reason phrase then."""

    status: int
    body: bytes
    content_type: str = JSON
    error: str | None = None
    extra: tuple[tuple[str, str], ...] = ()
    """More headers."""
    reason: str = "OK"
    """The reason phrase, if nothing is refused."""
    queue_id: str = ""
    """Of the message that is refused, for the log."""


def error_reply(status: int, text: str, queue_id: str = "") -> Reply:
    """Refuse a request with a text (http-scan.md 1.3)."""
    return Reply(status, render_error(text), error=text, queue_id=queue_id)
