"""What is left of a message with forged fields when an MTA has done what it is told."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.milter_agreement import WANTED_EDITS, Agreement
from mailfilter.config.model import HeaderSettings, Listener
from mailfilter.mail import parse
from mailfilter.report.milter_headers import HeaderProducer
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.networks import local_networks
from mailfilter.servers.milter_reply import render_verdict
from mailfilter.testing.fake_scanner import NO_ACTION

from ..codec.milter_mta import frames
from ..servers.mta_model import OWN, Header

Delivered = list[tuple[str, str]]

bounded = settings(derandomize=True, max_examples=100, deadline=None, database=None)
AUTH = "Authentication-Results"
PRODUCER = HeaderProducer(
    HeaderSettings(use=("authentication-results", "x-spamd-bar"), position="top"),
    local_networks(()),
    "host.test",
)
ENVELOPE = Envelope("test", mta_host="mx.our.test")
LISTENER = Listener(protocol="milter", endpoint="tcp:0")
AGREEMENT = Agreement(6, WANTED_EDITS, 0)

FIELDS = (
    (AUTH, "mx.our.test; spf=pass", True),
    (AUTH.lower(), "MX.our.test (x) 1; spf=pass", True),
    (AUTH.upper(), '(a) "mx.our.test."\r\n\t; spf=pass', True),
    (AUTH, "other.test; spf=pass", False),
    (AUTH.title(), "not.mx.our.test; spf=pass", False),
    ("Received", "from a by mx.our.test; x", False),
    ("x-SPAMD-bar", "-----", True),
    ("X-Spam", "No", True),
    ("X-Spamd-Barrier", "stays", False),
)
"""Name, value, and whether it is a forged one."""


def delivered(head: bytes, fields: list[tuple[str, str]], *, counts_anew: bool) -> Delivered:
    """What an MTA that has those fields delivers, if it shows us that header."""
    edits = PRODUCER(ENVELOPE, parse(head + b"\r\nbody\r\n"), NO_ACTION)
    verdict = replace(NO_ACTION, edits=tuple(edits))
    told = render_verdict(verdict, LISTENER, AGREEMENT, head, len(fields)).frames
    header = Header(fields, counts_anew=counts_anew)
    for code, payload in frames(told):
        header.apply(code, payload)
    return header.shown()


class ForgedFieldsTests(SynchronousTestCase):
    """Of several forged ones among foreign ones all go, and nothing else (bad-input.md row 16)."""

    @bounded
    @given(st.lists(st.sampled_from(FIELDS), max_size=12))
    def test_any_order(self, fields: list[tuple[str, str, bool]]) -> None:
        """Whatever stands where, and however the MTA counts."""
        head = "".join(f"{name}: {value}\r\n" for name, value, _ in fields).encode()
        expected = [
            OWN,
            (AUTH, "mx.our.test;\n\tnone"),
            ("X-Spamd-Bar", "/"),
            *(field[:2] for field in fields if not field[2]),
        ]
        for counts_anew in (True, False):
            found = delivered(head, [field[:2] for field in fields], counts_anew=counts_anew)
            self.assertEqual(found, [(name.lower(), value) for name, value in expected])

    def test_cut(self) -> None:
        """Fields behind a line that is none go, as far as the MTA takes them for fields."""
        for odd in ("foo bar", "A\x7f: b", "A\x01: b"):
            head = f"A: b\r\n{odd}\r\n{AUTH}: mx.our.test; spf=pass\r\n".encode()
            fields = [("A", "b"), ("odd", ""), (AUTH, "mx.our.test; spf=pass")]
            for counts_anew in (True, False):
                found = delivered(head, fields, counts_anew=counts_anew)
                self.assertNotIn((AUTH.lower(), fields[2][1]), found)
                self.assertIn(("odd", ""), found)
