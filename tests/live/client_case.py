"""Base of tests in which mailfilterc asks the filter."""

import json
from pathlib import Path
from typing import Any

from .harness import LiveCase, message_file
from .mailfilterc import Ran, mailfilterc

HAM = message_file("ham.eml")
GTUBE = message_file("gtube-reject.eml")


class ClientCase(LiveCase):
    """Runs mailfilterc."""

    def run_client(
        self, *arguments: str, message: bytes = b"", code: int = 0, server: str = ""
    ) -> Ran:
        """Run it; it must end with that status."""
        where = ("-h", server or f"127.0.0.1:{self.filter.http}", "-t", "60")
        ran = mailfilterc(*where, *arguments, message=message)
        self.assertEqual(ran.code, code, ran)
        return ran

    def read(self, *arguments: str, message: bytes = HAM) -> dict[str, Any]:
        """The reply as JSON."""
        reply: dict[str, Any] = json.loads(
            self.run_client("--json", *arguments, message=message).out
        )
        return reply

    def folder(self, **messages: bytes) -> Path:
        """A folder with messages by the names of their files."""
        path = Path(self.mktemp()).absolute()
        path.mkdir()
        for name, octets in messages.items():
            (path / name).write_bytes(octets)
        return path
