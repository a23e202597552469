"""`mailfilterc explain` and `scan --trace` against the filter, and against Rspamd."""

import json
from typing import ClassVar

from .controller_case import LOOK, ControllerCase
from .harness import message_file
from .mailfilterc import Ran, mailfilterc
from .processes import wait_until
from .rspamd import RspamdCase

GTUBE = message_file("gtube-reject.eml")
UNKNOWN = "0123456789ab"


def ask(port: int, *words: str, message: bytes = b"") -> Ran:
    return mailfilterc("-h", f"127.0.0.1:{port}", "-t", "60", *words, message=message)


class FilterTests(ControllerCase):
    """Our own."""

    needs: ClassVar = ()

    def test_trace_and_explain(self) -> None:
        """A message is scanned, and its scan is remembered."""
        port = self.filter.controller
        ran = ask(port, "-P", LOOK, "scan", "--trace", "--json", message=GTUBE)
        self.assertEqual((ran.code, ran.err), (0, b""))
        found = json.loads(ran.out)
        self.assertEqual("reject", found["row"]["action"])

        def explained() -> bool:
            return ask(port, "-P", LOOK, "explain", found["trace_id"]).code == 0

        wait_until(explained, "the scan to be remembered")
        text = ask(port, "-P", LOOK, "explain", f"(trace {found['trace_id']})").text
        self.assertTrue(text.startswith(f"trace {found['trace_id']}: "), text)
        self.assertIn("reject: forced by check gtube", text)

    def test_compressed(self) -> None:
        """A message that was packed, with text for people."""
        ran = ask(self.filter.controller, "-P", LOOK, "-z", "--trace", message=GTUBE)
        self.assertEqual((ran.code, ran.err), (0, b""))
        self.assertIn("forced by   gtube", ran.text)

    def test_refused(self) -> None:
        """Why there is none."""
        for port, words, expected in (
            (self.filter.controller, ("explain", UNKNOWN), "it wants a password"),
            (self.filter.controller, ("-P", "x", "explain", UNKNOWN), "the password is wrong"),
            (self.filter.controller, ("-P", LOOK, "explain", UNKNOWN), "is remembered\nperhaps"),
            (self.filter.http, ("explain", UNKNOWN), "it scans and does nothing else"),
        ):
            ran = ask(port, *words)
            self.assertEqual((ran.code, ran.out), (1, b""))
            self.assertIn(expected, ran.told)


class RspamdTests(RspamdCase):
    """Debian's rspamd has no traces, and says so in two ways."""

    def test_refused(self) -> None:
        for port in (self.rspamd.scan, self.rspamd.controller):
            ran = ask(port, "-P", "look-at-it", "explain", UNKNOWN)
            self.assertEqual((ran.code, ran.out), (1, b""))
            self.assertIn("it is Rspamd, and only mailfilter tells", ran.told)
            ran = ask(port, "-P", "look-at-it", "--trace", message=GTUBE)
            self.assertEqual(1, ran.code)
            self.assertIn("it is Rspamd", ran.text)
