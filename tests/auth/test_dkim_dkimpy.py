"""Verification beside dkimpy: messages that it signs, and what becomes of them on the way.

It differs from us on purpose in few things, each with a test of its own here.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import dkim  # type: ignore[import-untyped]
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.auth.dkim_values import DkimResult, Limits
from mailfilter.codec.dns_answer import Answer, DnsError, Kind, Question

from .dkim_case import NOW, RAW, VerifyCase
from .dkim_signer import ED25519, RSA, PrivateKey, private_text, record, sign
from .test_dkim_suites import answer_of_mail_dkim, folder, rfc8463_answer, run

EXAMPLES = settings(derandomize=True, max_examples=200, deadline=None, database=None)
LONE_CR = re.compile(rb"\r(?!\n)")
KEYS: Mapping[bytes, PrivateKey] = {b"rsa": RSA, b"ed": ED25519}
"""By selector."""
FORMS = ("simple", "relaxed")
NAMES = ("To", "Subject", "Date", "X-Odd", "x-odd", "Received")
_TEXT = st.text(st.sampled_from("ab \t:;=é\x80"), max_size=12).map(lambda text: text.encode())
_LINES = st.lists(_TEXT, min_size=1, max_size=3).map(b"\r\n ".join)
FIELDS = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from([":", ": ", " :", "\t: "]), _LINES),
    max_size=8,
)
BODIES = st.lists(
    st.sampled_from([b"a", b"bc", b" ", b"\t", b"\r\n", b"\r\n", b".", b"\xff", b"\0"]), max_size=30
).map(b"".join)


@st.composite
def messages(draw: Any) -> bytes:
    """Any message with a From."""
    fields = [*draw(FIELDS), ("From", ": ", b"bob@signed.test")]
    at = draw(st.integers(0, len(fields) - 1))
    fields.insert(at, fields.pop())
    header = b"".join(
        name.encode() + colon.encode() + value + b"\r\n" for name, colon, value in fields
    )
    return bytes(header + b"\r\n" + draw(BODIES))


def own_record(name: bytes, timeout: int = 5) -> bytes:
    """The keys of all messages that are made here."""
    return record(KEYS.get(name.partition(b".")[0], RSA)).encode()


def says(raw: bytes, dns: Callable[..., bytes | None] = own_record, n: int = 0) -> bool:
    """What dkimpy says of a signature, counted from the top."""
    try:
        return bool(dkim.DKIM(raw).verify(idx=n, dnsfunc=dns))
    except (dkim.DKIMException, LookupError, ValueError):
        # Of some broken messages it says no more than that.
        return False


EDITS = st.lists(
    st.tuples(
        st.integers(0, 2000),
        st.integers(0, 2),
        st.sampled_from(
            [b"", b" ", b"\t", b"\r\n", b"\n", b"\r\n ", b"x", b":", b";", b"=", b"\0"]
        ),
    ),
    max_size=3,
)


def signed_by_dkimpy(raw: bytes, selector: bytes, c: str, length: bool) -> bytes:
    """Its field for a message, if it can read that: it knows no blanks before a colon."""
    try:
        field = dkim.sign(
            raw,
            selector,
            b"signed.test",
            private_text(KEYS[selector]),
            signature_algorithm=b"rsa-sha256" if selector == b"rsa" else b"ed25519-sha256",
            canonicalize=tuple(c.encode().split(b"/")),
            include_headers=[b"from", b"to", b"subject", b"x-odd", b"x-odd"],
            length=length,
        )
    except dkim.MessageFormatError:
        return reject()
    return bytes(field)


def changed(raw: bytes, edits: Any) -> bytes:
    """A message with some octets replaced."""
    for at, size, octets in edits:
        start = at % len(raw)
        raw = raw[:start] + octets + raw[start + size :]
    return raw


def is_odd(raw: bytes) -> bool:
    """Whether the two differ about a message.

    Of a last line with blanks and no end dkimpy keeps one blank in the relaxed form; RFC 6376 3.4.4
    has the blanks at the end of each line ignored, and a line end added after that. A CR without LF
    is white space for dkimpy, and in the RFC (2.8) it is not. With NUL in its header nothing passes
    here, since programs end lines and values at it.
    """
    if raw.endswith((b" ", b"\t")) or LONE_CR.search(raw):
        return True
    return b"\0" in raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0]


class SameTests(VerifyCase):
    """Both say the same."""

    def ours(self, raw: bytes) -> DkimResult:
        """What we say of the topmost signature; times are not what is asked here."""
        found = self.verify(raw, limits=Limits(jitter=10**9))
        return found[0] if found else DkimResult("neutral", "no signature")

    @EXAMPLES
    @given(
        messages(),
        st.sampled_from(sorted(KEYS)),
        st.sampled_from(FORMS),
        st.sampled_from(FORMS),
        st.booleans(),
        st.lists(EDITS, max_size=8),
    )
    def test_signed(
        self, raw: bytes, selector: bytes, header: str, body: str, length: bool, ways: Any
    ) -> None:
        """What it signs passes; after any change of some octets, what passes there passes here."""
        field = signed_by_dkimpy(raw, selector, f"{header}/{body}", length)
        if not is_odd(raw):
            self.assertEqual((self.ours(field + raw).result, says(field + raw)), ("pass", True))
        for edits in ways:
            edited = changed(field + raw, edits)
            if not is_odd(edited):
                found = self.ours(edited)
                self.assertEqual(found.result == "pass", says(edited), (found, edited))


class OtherTests(VerifyCase):
    """Where we let less pass than dkimpy."""

    def test_listed(self) -> None:
        for raw, reason in (
            # RFC 6376 3.5: l= must not be more than there is; what is left open is no pass.
            (sign(RAW, tags={"l": "5"}), "l= is 5"),
        ):
            self.assertTrue(says(raw), reason)
            found = self.verify(raw)[0]
            self.assertNotEqual(found.result, "pass", reason)
            self.assertIn(reason, found.reason)


class SuiteTests(SynchronousTestCase):
    """Published messages, each signature by itself."""

    def test_suites(self) -> None:
        """Both say the same of all, but that SHA-1 is still good for dkimpy."""
        differ = set()
        for suite in ("mail-dkim/corpus", "dkimpy/data", "mailauth", "zk-email"):
            for path in sorted(folder(suite).rglob("*")):
                raw = path.read_bytes() if path.is_file() else b""
                for n, found in enumerate(run(raw, answer_of_suites, NOW)):
                    if (found.result == "pass") != says(raw, record_of_suites, n):
                        differ.add((path.name, n, found.reason))
        self.assertEqual(differ, {("multiple_2.txt", 1, "rsa-sha1 is too weak")})


def answer_of_suites(question: Question) -> Answer | DnsError:
    """What DNS says of any of their keys."""
    found = answer_of_mail_dkim(question)
    if isinstance(found, DnsError) or found.records:
        return found
    return rfc8463_answer(question)


def record_of_suites(name: bytes, timeout: int = 5) -> bytes | None:
    """The same for dkimpy."""
    found = answer_of_suites(Question(name.decode().rstrip(".").lower(), Kind.TXT))
    return bytes(found.records[0]) if isinstance(found, Answer) and found.records else None
