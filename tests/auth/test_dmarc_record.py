"""Records of DMARC: what each tag comes to, and what becomes of wrong ones."""

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.auth.dmarc_record import (
    MAX_RECORD,
    MAX_TAGS,
    POLICIES,
    Record,
    RecordError,
    is_record,
    read_record,
)


def read(tags: str) -> Record:
    """A record of some tags."""
    return read_record(f"v=DMARC1; {tags}".encode())


class VersionTests(SynchronousTestCase):
    def test_records(self) -> None:
        for text in (b"v=DMARC1", b"v=DMARC1;p=none", b" v = DMARC1 ; p=none", b"v=DMARC1;"):
            self.assertTrue(is_record(text), text)

    def test_others(self) -> None:
        """The version has capitals, comes first and ends there (RFC 7489 6.3)."""
        for text in (
            b"",
            b"v=spf1 -all",
            b"v=DMARC2; p=none",
            b"v=DMARC12; p=none",
            b"v=dmarc1; p=none",
            b"p=none; v=DMARC1",
            b"v=DMARC1 p=none",
            rb"v=DMARC1\; p=none",
            b"\xefv=DMARC1; p=none",
        ):
            self.assertFalse(is_record(text), text)


class ReadTests(SynchronousTestCase):
    def test_defaults(self) -> None:
        """Without a policy it is `none` (RFC 9989 4.7), as Rspamd has it."""
        self.assertEqual(read_record(b"v=DMARC1"), Record())
        self.assertEqual(read("p=reject").policy, "reject")

    def test_all_tags(self) -> None:
        record = read(
            "p=Quarantine ;sp = reject; np=none; adkim=S; aspf=s; pct=7; t=y; psd=n; fo=1;"
            "rua=mailto:a@b.test!10m , mailto:c@d.test; ri=86400; rf=afrf; unknown=x=y; "
        )
        expected = Record(
            "quarantine",
            "reject",
            "none",
            "s",
            "s",
            7,
            True,
            False,
            "mailto:a@b.test!10m , mailto:c@d.test",
            "1",
        )
        self.assertEqual(record, expected)

    def test_suffix(self) -> None:
        for text, expected in (
            ("psd=y", True),
            ("psd=n", False),
            ("psd=u", None),
            ("p=none", None),
        ):
            self.assertIs(read(text).is_suffix, expected)

    def test_wrong_tags(self) -> None:
        """They leave the default, and are told."""
        for text in (
            "adkim=x",
            "adkim=rs",
            "aspf=",
            "aspf=strict",
            "pct=101",
            "pct=-1",
            "pct=",
            "pct=1.5",
            "t=yes",
            "psd=1",
            "something",
            "=x",
        ):
            record = read(f"p=reject; {text}")
            self.assertEqual(len(record.problems), 1, text)
            self.assertEqual(record, Record("reject", problems=record.problems), text)

    def test_wrong_policy(self) -> None:
        """Without an address for reports there is nothing to do for it (RFC 7489 6.6.3)."""
        for text in ("p=no", "p=", "p=reject; sp=x", "p=reject; np=x", "p=none reject"):
            self.assertRaises(RecordError, read, text)
            for rua in ("rua=x", "rua=https://a.test", "rua=mailto:", "rua=mailto:a"):
                self.assertRaises(RecordError, read, f"{text}; {rua}")
            record = read(f"{text}; rua=x, mailto:a@b.test!1g")
            self.assertEqual((record.policy, record.policy_below(False)), ("none", "none"), text)
            self.assertTrue(record.problems)

    def test_refused(self) -> None:
        """What may be read in two ways, or costs too much."""
        for text in (
            "p=none; p=reject",
            "p=reject; P=none",
            "p=reject; v=DMARC1",
            "p=reject; x=\xe9",
            "p=reject; " + "x" * MAX_RECORD,
            "p=reject; " + "".join(f"x{index}=;" for index in range(MAX_TAGS)),
        ):
            self.assertRaises(RecordError, read, text)


BITS = (*"=; ,!", "v", "DMARC1", "p", "sp", "rua", "pct", "none", "1", "mailto:a@b.c", "\xe9", "\0")


class FuzzTests(SynchronousTestCase):
    @settings(max_examples=500, derandomize=True, database=None, deadline=None)
    @given(st.lists(st.sampled_from(BITS), max_size=20).map("".join))
    def test_any(self, text: str) -> None:
        """A record is refused or has a policy, whatever its octets are."""
        octets = b"v=DMARC1;" + text.encode("latin_1")
        self.assertTrue(is_record(octets))
        try:
            record = read_record(octets)
        except RecordError as error:
            self.assertTrue(str(error))
            return
        self.assertIn(record.policy_below(False), POLICIES)
        self.assertLessEqual(record.percent, 100)


class PolicyTests(SynchronousTestCase):
    def test_below(self) -> None:
        """`np` before `sp` before `p`, and `np` for missing names alone."""
        for tags, exists, missing in (
            ("p=reject", "reject", "reject"),
            ("p=reject; sp=none", "none", "none"),
            ("p=none; np=reject", "none", "reject"),
            ("p=none; sp=quarantine; np=reject", "quarantine", "reject"),
        ):
            record = read(tags)
            self.assertEqual(record.policy_below(True), exists, tags)
            self.assertEqual(record.policy_below(False), missing, tags)
