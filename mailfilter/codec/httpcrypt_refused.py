"""Why a sealed request is not opened."""

from typing import Literal

from .http_body import Refused

Reason = Literal["header", "key", "client", "truncated", "blob"]
"""`header`: none that can be read, `key`: sealed for none of ours, `client`: a client's key that
cannot be used, `truncated`: not all of it came, or not as a body, `blob`: not sealed with these
keys, or changed.
"""


class CannotOpen(Refused):
    """The same to the client whatever the reason, which is for the log and for counters."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(400, text)
        self.reason: Reason = reason
