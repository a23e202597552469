"""Base of the tests that run spamc."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from . import peers
from .harness import Filter, LiveCase, message_file
from .lines import lines_filter

HAM = message_file("ham.eml")
GTUBE = message_file("gtube-reject.eml")
EX_UNAVAILABLE = 69
EX_IOERR = 74


@dataclass(frozen=True, slots=True)
class Ran:
    """What spamc did."""

    code: int
    output: bytes


class SpamcCase(LiveCase):
    """Runs spamc."""

    needs: ClassVar[Sequence[str]] = ("spamc",)

    def make_filter(self) -> Filter:
        """See `LiveCase`."""
        return lines_filter()

    def spamc(self, *options: str, message: bytes = HAM, where: Sequence[str] = ()) -> Ran:
        """Run it on a message, at the filter's port unless it is to ask elsewhere."""
        server = where or ("-d", "127.0.0.1", "-p", str(self.filter.spamd))
        done = subprocess.run(
            [str(peers.find("spamc")), "-F", "/dev/null", *server, "-t", "60", *options],
            env=peers.environment(),
            input=message,
            capture_output=True,
            timeout=120,
            check=False,
        )
        return Ran(done.returncode, done.stdout)
