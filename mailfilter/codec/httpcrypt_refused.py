"""Why a sealed request is not opened."""

from typing import Literal

Reason = Literal["header", "key", "client", "truncated", "blob"]
"""`header`: none that can be read, `key`: sealed for none of ours, `client`: a client's key that
cannot be used, `truncated`: the end came too soon, `blob`: not sealed with these keys, or changed.
"""


class CannotOpen(Exception):
    """The same to the client whatever the reason, which is for the log and for counters."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(reason, text)
        self.reason: Reason = reason
        self.text = text
