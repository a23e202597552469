"""What is left of a message with forged fields when an MTA has done what it is told."""

from dataclasses import dataclass, replace

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


@dataclass(slots=True)
class _Field:
    name: str
    value: str
    is_there: bool = True


class Mta:
    """Fields of a message in an MTA that counts anew after each deletion, or not.

    Postfix does, Sendmail does not (milter.md 5.1). Both have a Received on top.
    """

    def __init__(self, fields: list[tuple[str, str]], counts_anew: bool) -> None:
        self.counts_anew = counts_anew
        self.fields = [_Field("Received", "our own"), *(_Field(*field) for field in fields)]

    def do(self, code: str, payload: bytes) -> None:
        """Carry out one edit."""
        if code == "a":
            return
        assert code in ("m", "i"), code
        index = int.from_bytes(payload[:4], "big")
        name, value, _ = payload[4:].decode("ascii").split("\0")
        if code == "i":
            self.fields.insert(index, _Field(name, value))
            return
        assert value == ""
        self.delete(name, index)

    def delete(self, name: str, index: int) -> None:
        """Delete the field of that number among those of the name, but its own Received."""
        found = [
            field
            for field in self.fields[1:]
            if field.name.lower() == name.lower() and (field.is_there or not self.counts_anew)
        ]
        if index <= len(found):
            found[index - 1].is_there = False

    def left(self) -> list[tuple[str, str]]:
        """What is delivered."""
        return [(field.name, field.value) for field in self.fields if field.is_there]


class ForgedFieldsTests(SynchronousTestCase):
    """Of several forged ones among foreign ones all go, and nothing else (bad-input.md row 16)."""

    @bounded
    @given(st.lists(st.sampled_from(FIELDS), max_size=12))
    def test_any_order(self, fields: list[tuple[str, str, bool]]) -> None:
        """Whatever stands where, and however the MTA counts."""
        head = "".join(f"{name}: {value}\r\n" for name, value, _ in fields).encode()
        edits = PRODUCER(ENVELOPE, parse(head + b"\r\nbody\r\n"), NO_ACTION)
        verdict = replace(NO_ACTION, edits=tuple(edits))
        told = frames(render_verdict(verdict, LISTENER, AGREEMENT, head, len(fields)).frames)
        for counts_anew in (True, False):
            mta = Mta([field[:2] for field in fields], counts_anew)
            for code, payload in told:
                mta.do(code, payload)
            self.assertEqual(
                mta.left(),
                [
                    ("Received", "our own"),
                    (AUTH, "mx.our.test;\n\tnone"),
                    ("X-Spamd-Bar", "/"),
                    *(field[:2] for field in fields if not field[2]),
                ],
            )

    def test_cut(self) -> None:
        """Fields behind a line that is none go, as far as the MTA takes them for fields."""
        for odd in ("foo bar", "A\x7f: b", "A\x01: b"):
            head = f"A: b\r\n{odd}\r\n{AUTH}: mx.our.test; spf=pass\r\n".encode()
            edits = PRODUCER(ENVELOPE, parse(head + b"\r\nbody\r\n"), NO_ACTION)
            verdict = replace(NO_ACTION, edits=tuple(edits))
            told = frames(render_verdict(verdict, LISTENER, AGREEMENT, head, 3).frames)
            fields = [("A", "b"), ("odd", ""), (AUTH, "mx.our.test; spf=pass")]
            for counts_anew in (True, False):
                mta = Mta(fields, counts_anew)
                for code, payload in told:
                    mta.do(code, payload)
                self.assertNotIn(fields[2], mta.left())
