"""DKIM: what a verification is limited by, and what it finds."""

from typing import Literal, NamedTuple

from .dkim_signature import Signature

Result = Literal["pass", "fail", "neutral", "policy", "permerror", "temperror"]
"""As RFC 8601 2.7.1 names them."""


class Limits(NamedTuple):
    """What a verification may cost, and how far clocks may differ."""

    signatures: int = 5
    """That are verified of one message."""
    jitter: int = 21_600
    """Seconds that `t=` may be ahead of us, and `x=` behind."""


class DkimResult(NamedTuple):
    """What came of one signature."""

    result: Result
    reason: str = ""
    """Why it is no pass."""
    signature: Signature | None = None
    """None: it cannot be read."""
    flags: tuple[str, ...] = ()
    """What is to be known of it, whatever the result."""
    is_skipped: bool = False
    """Nobody has looked at it: others were more useful."""
