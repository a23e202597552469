"""mailfilterc and Debian's rspamc print the same of what the filter answers."""

import re
from collections.abc import Sequence
from typing import ClassVar

from .controller_case import CHANGE, ControllerCase
from .harness import LiveCase, message_file
from .mailfilterc import mailfilterc, masked, rspamc


class SameCase(LiveCase):
    """Both ask the same."""

    needs: ClassVar[Sequence[str]] = ("rspamc",)

    def both(self, port: int, *words: str, message: bytes = b"") -> tuple[bytes, bytes]:
        """What each prints, ours first; both must end well."""
        given = ("-h", f"127.0.0.1:{port}", "-t", "60", "-P", CHANGE, *words)
        ours, theirs = mailfilterc(*given, message=message), rspamc(*given, message=message)
        self.assertEqual((ours.code, theirs.code), (0, 0), (ours, theirs))
        return masked(ours.out), masked(theirs.out)


class ScanTests(SameCase):
    """Verdicts."""

    def test_scan(self) -> None:
        """Ham and spam, in all forms."""
        for name in ("ham.eml", "gtube-reject.eml"):
            for form in ("-v", "--json", "--compact", "--ucl", "--extended-urls"):
                ours, theirs = self.both(self.filter.http, form, message=message_file(name))
                self.assertEqual(ours, theirs)


class ControlTests(ControllerCase, SameCase):
    """Replies of controllers, which count what they are asked: numbers are not compared."""

    def test_control(self) -> None:
        """All commands that need no message, in all forms."""
        for command in ("stat", "stat_reset", "counters", "uptime"):
            # How long it has been running is in words that change from one to the other.
            for form in ("--json", "--compact", "--ucl") + ("-v",) * (command != "uptime"):
                ours, theirs = self.both(self.filter.controller, command, form)
                self.assertEqual(_without_numbers(ours), _without_numbers(theirs))


def _without_numbers(octets: bytes) -> bytes:
    return re.sub(rb"[0-9.]+", b"1", octets)
