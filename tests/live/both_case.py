"""Base of tests in which mailfilterc and Debian's rspamc ask Debian's rspamd the same."""

import itertools
import json
from collections.abc import Sequence
from typing import Any, ClassVar

from .harness import message_file
from .mailfilterc import Ran, mailfilterc, masked, rspamc
from .rspamd import RspamdCase

HAM = message_file("ham.eml")
_numbers = itertools.count(1)


def live(**wishes: str) -> bytes:
    """A message that asks rspamd for something."""
    fields = "".join(f"X-Live-{name}: {value}\r\n" for name, value in wishes.items())
    return fields.encode() + HAM


def lot(kind: str, number: int) -> bytes:
    """A message with many words, most of which others of its kind have too.

    One of another `kind` of the same length gets the same answers.
    """
    words = (f"{kind}{chr(97 + word % 26)}{word // 26}" for word in range(number, number + 60))
    head = f"From: a@example.org\r\nSubject: {kind}\r\nMessage-ID: <{number}@lot.test>\r\n\r\n"
    return (head + " ".join(words) + "\r\n").encode()


def new_kind() -> str:
    """A word that no message has had before."""
    number = next(_numbers)
    return "kind" + "".join(chr(97 + number // 26**place % 26) for place in range(4))


class BothCase(RspamdCase):
    """Runs both programs."""

    options: ClassVar[Sequence[str]] = ()
    """Given to both each time."""

    def setUp(self) -> None:
        """Whom to ask."""
        super().setUp()
        self.scan = f"127.0.0.1:{self.rspamd.scan}"
        self.controller = f"127.0.0.1:{self.rspamd.controller}"

    def ours(self, *arguments: str, message: bytes = b"", code: int = 0, server: str = "") -> Ran:
        """Run mailfilterc; it must end with that status."""
        where = ("-h", server or self.scan, "-t", "60", *self.options)
        ran = mailfilterc(*where, *arguments, message=message)
        self.assertEqual(ran.code, code, ran)
        return ran

    def theirs(self, *arguments: str, message: bytes = b"", code: int = 0, server: str = "") -> Ran:
        """Run rspamc; it must end with that status."""
        where = ("-h", server or self.scan, "-t", "60", *self.options)
        ran = rspamc(*where, *arguments, message=message)
        self.assertEqual(ran.code, code, ran)
        return ran

    def check_same(
        self, *arguments: str, message: bytes = HAM, code: int = 0, server: str = ""
    ) -> bytes:
        """Both print the same; what that is."""
        ours = self.ours(*arguments, message=message, code=code, server=server)
        theirs = self.theirs(*arguments, message=message, code=code, server=server)
        self.assertEqual(masked(ours.out), masked(theirs.out))
        return ours.out

    def symbols(self, message: bytes, *arguments: str) -> dict[str, Any]:
        """What rspamd finds, as mailfilterc says it in JSON."""
        found: dict[str, Any] = json.loads(self.ours("--json", *arguments, message=message).out)
        symbols: dict[str, Any] = found["symbols"]
        return symbols
