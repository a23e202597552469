"""The first checks: what each finds and what it leaves alone."""

from collections.abc import Callable, Mapping, Sequence

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.checks import BUILT_IN
from mailfilter.checks.from_envfrom import FromEnvfrom
from mailfilter.checks.html_only import HtmlOnly
from mailfilter.checks.mime_good import MimeGood
from mailfilter.checks.missing_charset import MissingCharset
from mailfilter.checks.missing_headers import MissingHeaders
from mailfilter.checks.rcpt_count import RcptCount
from mailfilter.checks.rcvd_count import RcvdCount
from mailfilter.checks.skeleton import Skeleton
from mailfilter.checks.subject_caps import SubjectCaps
from mailfilter.checks.to_names import ToNames
from mailfilter.scan.check import Check
from mailfilter.scan.envelope import Envelope
from mailfilter.testing.checks import ENVELOPE, run_check, symbols_of

from .header_case import Case, HeaderCase
from .header_case import envelope as sent_by
from .mime_case import alone, file, mixed, part
from .url_case import UrlCase, html

Found = dict[str, tuple[str, ...]]


def found(check: type[Check], raw: bytes, envelope: Envelope = ENVELOPE) -> Found:
    return symbols_of(run_check(check, raw, envelope))


def names(check: type[Check], raw: bytes, envelope: Envelope = ENVELOPE) -> Sequence[str]:
    return sorted(found(check, raw, envelope))


RCPT_COUNTS = {
    "ZERO": (0,),
    "ONE": (1,),
    "TWO": (2,),
    "THREE": (3, 4),
    "FIVE": (5, 6),
    "SEVEN": (7, 11),
    "TWELVE": (12, 50),
    "GT_50": (51, 200),
}
RCVD_COUNTS = {
    "ZERO": (0,),
    "ONE": (1,),
    "TWO": (2,),
    "THREE": (3, 4),
    "FIVE": (5, 6),
    "SEVEN": (7, 11),
    "TWELVE": (12, 60),
}


def table_of_counts(
    prefix: str, counts: Mapping[str, Sequence[int]], case_of: Callable[[int], Case]
) -> dict[str, tuple[list[Case], list[Case]]]:
    """For each symbol its own counts, and all others."""
    every = [count for some in counts.values() for count in some]
    return {
        f"{prefix}_{ending}": (
            [case_of(count) for count in own],
            [case_of(count) for count in every if count not in own],
        )
        for ending, own in counts.items()
    }


class MissingHeadersTests(UrlCase):
    check = MissingHeaders

    def test_symbols(self) -> None:
        fields = ("Date", "From", "Message-ID", "Subject", "To")
        whole = "".join(f"{field}: x\r\n" for field in fields)
        lacks = {field: whole.replace(f"{field}: x\r\n", "").encode() for field in fields}
        self.compare(
            {
                f"MISSING_{'MID' if field == 'Message-ID' else field.upper()}": (
                    [lacks[field]],
                    [whole.encode(), *(lacks[other] for other in fields if other != field)],
                )
                for field in fields
            }
        )

    def test_none_missing(self) -> None:
        raw = b"From: a@b\r\nTO: c@d\r\nDate: x\r\nMessage-Id: <1@b>\r\nSubject:\r\n\r\n"
        self.assertEqual(names(MissingHeaders, raw), [])

    def test_all_missing(self) -> None:
        expected = ["DATE", "FROM", "MID", "SUBJECT", "TO"]
        self.assertEqual(
            names(MissingHeaders, b"X-A: b\r\n\r\nhi\r\n"), [f"MISSING_{end}" for end in expected]
        )


class MimeGoodTests(UrlCase):
    check = MimeGood

    def test_symbols(self) -> None:
        self.compare(
            {
                "MIME_GOOD": (
                    [alone("text/plain")],
                    [file("a", "application/x-msdownload"), html("<p>x"), b""],
                )
            }
        )

    def test_good(self) -> None:
        raw = b"Content-Type: text/plain\r\n\r\nhi\r\n"
        self.assertEqual(found(MimeGood, raw), {"MIME_GOOD": ("text/plain",)})

    def test_parts(self) -> None:
        raw = (
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhi\r\n"
            b"--b\r\nContent-Type: image/png\r\n\r\nx\r\n--b--\r\n"
        )
        self.assertEqual(
            found(MimeGood, raw), {"MIME_GOOD": ("multipart/mixed", "text/plain", "image/png")}
        )

    def test_one_bad_part(self) -> None:
        raw = (
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhi\r\n"
            b"--b\r\nContent-Type: application/x-msdownload\r\n\r\nx\r\n--b--\r\n"
        )
        self.assertEqual(names(MimeGood, raw), [])

    def test_undeclared(self) -> None:
        self.assertEqual(names(MimeGood, b"Subject: x\r\n\r\nhi\r\n"), [])


class HtmlOnlyTests(UrlCase):
    check = HtmlOnly

    def test_symbols(self) -> None:
        both = mixed(part("text/plain"), part("text/html"), kind="alternative")
        self.compare({"MIME_HTML_ONLY": ([alone("text/html")], [alone("text/plain"), both])})

    def test_html_alone(self) -> None:
        raw = b"Content-Type: text/html\r\n\r\n<p>hi\r\n"
        self.assertEqual(names(HtmlOnly, raw), ["MIME_HTML_ONLY"])

    def test_both(self) -> None:
        raw = (
            b"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nhi\r\n"
            b"--b\r\nContent-Type: text/html\r\n\r\n<p>hi\r\n--b--\r\n"
        )
        self.assertEqual(names(HtmlOnly, raw), [])

    def test_plain(self) -> None:
        self.assertEqual(names(HtmlOnly, b"Subject: x\r\n\r\nhi\r\n"), [])


class RcptCountTests(HeaderCase):
    check = RcptCount

    def test_symbols(self) -> None:
        self.compare(
            table_of_counts(
                "RCPT_COUNT",
                RCPT_COUNTS,
                lambda count: "To: " + ", ".join(f"u{n}@d.example" for n in range(count)),
            )
        )


class RcvdCountTests(HeaderCase):
    check = RcvdCount

    def test_symbols(self) -> None:
        self.compare(
            table_of_counts(
                "RCVD_COUNT", RCVD_COUNTS, lambda count: "Received: from a by b\n" * count + "X: y"
            )
        )


class CountTests(SynchronousTestCase):
    def test_recipients(self) -> None:
        table = {
            1: "ONE",
            2: "TWO",
            3: "THREE",
            4: "THREE",
            5: "FIVE",
            6: "FIVE",
            7: "SEVEN",
            11: "SEVEN",
            12: "TWELVE",
            50: "TWELVE",
            51: "GT_50",
            1000: "GT_50",
        }
        for count, ending in table.items():
            to = ", ".join(f"{index}@example.net" for index in range(count))
            self.assertEqual(
                found(RcptCount, f"To: {to}\r\n\r\n".encode()),
                {f"RCPT_COUNT_{ending}": (str(count),)},
            )

    def test_recipients_of_the_header(self) -> None:
        raw = b"To: a@b, c@d\r\nCc: e@f\r\n\r\n"
        told = sent_by("a@b.c", "one@d.example")
        self.assertEqual(found(RcptCount, raw), {"RCPT_COUNT_THREE": ("3",)})
        self.assertEqual(found(RcptCount, raw, told), {"RCPT_COUNT_THREE": ("3",)})
        self.assertEqual(found(RcptCount, b"X: y\r\n\r\n"), {"RCPT_COUNT_ZERO": ("0",)})

    def test_received(self) -> None:
        table = {0: "ZERO", 1: "ONE", 2: "TWO", 4: "THREE", 5: "FIVE", 7: "SEVEN", 12: "TWELVE"}
        for count, ending in (table | {40: "TWELVE"}).items():
            raw = b"Received: from a by b\r\n" * count + b"Subject: x\r\n\r\n"
            self.assertEqual(found(RcvdCount, raw), {f"RCVD_COUNT_{ending}": (str(count),)})


class FromEnvfromTests(HeaderCase):
    check = FromEnvfrom

    def test_symbols(self) -> None:
        same = ("From: Ann <ann@example.org>", sent_by("ann@example.org"))
        other = ("From: ann@example.org", sent_by("bounces@example.org"))
        neither = ("From: ann@example.org", sent_by(""))
        self.compare(
            {
                "FROM_EQ_ENVFROM": ([same], [other, neither]),
                "FROM_NEQ_ENVFROM": ([other], [same, neither]),
            }
        )

    def test_equal(self) -> None:
        envelope = Envelope(listener="test", sender="a@Example.org")
        raw = b"From: Some One <A@example.org>\r\n\r\n"
        self.assertEqual(names(FromEnvfrom, raw, envelope), ["FROM_EQ_ENVFROM"])

    def test_different(self) -> None:
        envelope = Envelope(listener="test", sender="bounces@example.org")
        self.assertEqual(
            found(FromEnvfrom, b"From: a@example.org\r\n\r\n", envelope),
            {"FROM_NEQ_ENVFROM": ("a@example.org", "bounces@example.org")},
        )

    def test_nothing_to_compare(self) -> None:
        one = b"From: a@example.org\r\n\r\n"
        two = b"From: a@example.org, b@example.org\r\n\r\n"
        sender = Envelope(listener="test", sender="a@example.org")
        for raw, envelope in (
            (one, Envelope(listener="test", sender="")),
            (one, Envelope(listener="test")),
            (two, sender),
            (b"To: x@y\r\n\r\n", sender),
        ):
            self.assertEqual(names(FromEnvfrom, raw, envelope), [])


class ToNamesTests(HeaderCase):
    check = ToNames

    def test_symbols(self) -> None:
        none, every, some = "To: a@b.example", "To: A <a@b.example>", "To: A <a@b.example>, c@d.e"
        same, same_some = 'To: "a@b.c" <a@b.c>', 'To: "a@b.c" <a@b.c>, d@e.f'
        self.compare(
            {
                "TO_DN_NONE": ([none], [every, some, same]),
                "TO_DN_ALL": ([every, same], [none, some]),
                "TO_DN_SOME": ([some, same_some], [none, every]),
                "TO_DN_EQ_ADDR_ALL": ([same], [none, every, same_some]),
                "TO_DN_EQ_ADDR_SOME": ([same_some], [none, some, same]),
                "TO_DN_RECIPIENTS": (["To: Recipients <a@b.c>"], [none, every]),
            }
        )

    def test_table(self) -> None:
        table = {
            b"To: a@b": ["TO_DN_NONE"],
            b"To: A <a@b>": ["TO_DN_ALL"],
            b"To: A <a@b>\r\nCc: c@d": ["TO_DN_SOME"],
            b'To: "a@b" <a@b>': ["TO_DN_ALL", "TO_DN_EQ_ADDR_ALL"],
            b'To: "a@b" <a@b>, c@d': ["TO_DN_EQ_ADDR_SOME", "TO_DN_SOME"],
            b"To: Recipients <a@b>": ["TO_DN_ALL", "TO_DN_RECIPIENTS"],
            b"Subject: x": [],
        }
        for header, expected in table.items():
            self.assertEqual(names(ToNames, header + b"\r\n\r\n"), expected, header)


class MissingCharsetTests(UrlCase):
    check = MissingCharset

    def test_symbols(self) -> None:
        self.compare(
            {
                "R_MISSING_CHARSET": (
                    [alone("text/plain", "caf\u00e9")],
                    [alone("text/plain; charset=utf-8", "caf\u00e9"), alone("text/plain", "tea")],
                )
            }
        )

    def test_table(self) -> None:
        text = b"Content-Type: text/plain"
        table = {
            text + b"\r\n\r\nplain": [],
            text + b"\r\nContent-Transfer-Encoding: 7bit\r\n\r\nplain": [],
            text + b"\r\nContent-Transfer-Encoding: base64\r\n\r\naGk=": ["R_MISSING_CHARSET"],
            text + b"\r\n\r\ncaf\xc3\xa9": ["R_MISSING_CHARSET"],
            text + b"; charset=utf-8\r\n\r\ncaf\xc3\xa9": [],
            b"Subject: x\r\n\r\ncaf\xc3\xa9": [],
        }
        for raw, expected in table.items():
            self.assertEqual(names(MissingCharset, raw), expected, raw)


class SubjectCapsTests(HeaderCase):
    check = SubjectCaps

    def test_symbols(self) -> None:
        self.compare(
            {
                "SUBJ_ALL_CAPS": (
                    ["Subject: BUY EVERYTHING NOW"],
                    ["Subject: Buy Everything Now", "Subject: RFC 2047", "X: y"],
                )
            }
        )

    def test_table(self) -> None:
        table = {
            "BUY EVERYTHING NOW": ["SUBJ_ALL_CAPS"],
            "Re: Fwd: BUY EVERYTHING NOW": ["SUBJ_ALL_CAPS"],
            "Buy Everything Now": [],
            "RFC 2047": [],
            "ПРОДАМ ВСЁ И СРАЗУ": ["SUBJ_ALL_CAPS"],
            "12345 67890 12345 67890": [],
            "NUMBER ONE IN THE WORLD, you": ["SUBJ_ALL_CAPS"],
            "Re: NUMBER ONE IN THE WORLD, you": ["SUBJ_ALL_CAPS"],
            "Re: NUMBER ONE IN THE WORLD, you\r\nReferences: <1@a.example>": [],
            "Re: NUMBER ONE IN THE WORLD\r\nIn-Reply-To: <1@a.example>": ["SUBJ_ALL_CAPS"],
            "NUMBER ONE IN THE WORLD, you\r\nReferences: <1@a.example>": ["SUBJ_ALL_CAPS"],
            "[PATCH 1/2] x86: Add KVM_FEATURE_MSI_EXT_DEST_ID": [],
            "": [],
        }
        for subject, expected in table.items():
            raw = f"Subject: {subject}\r\n\r\n".encode()
            self.assertEqual(names(SubjectCaps, raw), expected, subject)


class SkeletonTests(SynchronousTestCase):
    def test_options(self) -> None:
        raw = b"Subject: a Word in it\r\n\r\n"
        found = run_check(Skeleton, raw, options={"word": "word"})
        self.assertEqual(symbols_of(found), {"SKELETON": ("word",)})
        self.assertEqual(list(run_check(Skeleton, raw)), [])

    def test_bad_option(self) -> None:
        error = self.assertRaises(ValueError, run_check, Skeleton, b"", options={"word": 3})
        self.assertIn("word: expected text, got 3", str(error))


class DeclarationTests(SynchronousTestCase):
    def test_complete(self) -> None:
        """Every built-in check says what a dashboard needs to know of its symbols."""
        self.assertEqual(len({check.name for check in BUILT_IN}), len(BUILT_IN))
        for check in BUILT_IN:
            self.assertTrue(check.__doc__)
            for symbol in check.symbols.values():
                self.assertTrue(symbol.description and symbol.group)
