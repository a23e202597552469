"""Received fields of common MTAs, and dates."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail import Received, parse
from mailfilter.mail.dates import parse_date

DATE = "; Fri, 21 Nov 1997 09:55:06 -0600"
Facts = tuple[str | None, str | None, str | None]
"""Name, address, HELO of the client."""

CLIENTS: list[tuple[str, Facts]] = [
    ("from h.example (n.example [192.0.2.1])", ("n.example", "192.0.2.1", "h.example")),
    ("from h.example (unknown [192.0.2.1])", ("h.example", "192.0.2.1", "h.example")),
    ("from h (n.example. [192.0.2.1] (may be forged))", ("n.example", "192.0.2.1", "h")),
    ("from h.example ([192.0.2.1])", ("h.example", "192.0.2.1", "h.example")),
    ("from n.example ([192.0.2.1] helo=h.example)", ("n.example", "192.0.2.1", "h.example")),
    ("from [192.0.2.1] (helo=h.example)", (None, "192.0.2.1", "h.example")),
    ("from h.example (helo.example [192.0.2.1])", ("helo.example", "192.0.2.1", "h.example")),
    ("from unknown (HELO h.example) (192.0.2.1)", (None, "192.0.2.1", "h.example")),
    ("from n.example (HELO h) (u@192.0.2.1)", ("n.example", "192.0.2.1", "h")),
    ("from n.example (192.0.2.1)", ("n.example", "192.0.2.1", None)),
    ("from [192.0.2.1]", (None, "192.0.2.1", None)),
    ("from n.example (IPv6:2001:db8::1)", ("n.example", "2001:db8::1", None)),
    ("from h (n.example [IPv6:2001:db8:0::1])", ("n.example", "2001:db8::1", "h")),
    ("from h (n.example [::ffff:192.0.2.1])", ("n.example", "192.0.2.1", "h")),
    ("from h (n.example [999.0.2.1])", ("n.example", None, "h")),
    ("from [192.0.2.1] (helo=[192.0.2.9])", (None, "192.0.2.1", "192.0.2.9")),
    ("from [192.0.2.1] (ident=192.0.2.9 helo=h)", (None, "192.0.2.1", "h")),
    ("from [192.0.2.1]:25 (helo=192.0.2.9)", (None, "192.0.2.1", "192.0.2.9")),
    ("from unknown (HELO [192.0.2.9]) (192.0.2.1)", (None, "192.0.2.1", "192.0.2.9")),
    ("from unknown (EHLO 192.0.2.9) (192.0.2.1)", (None, "192.0.2.1", None)),
    ("from n.example ([192.0.2.1] helo=[192.0.2.9])", ("n.example", "192.0.2.1", "192.0.2.9")),
    ("from [192.0.2.9] (unknown [unknown])", (None, None, None)),
    ("from [192.0.2.9] (n.example [192.0.2.1])", ("n.example", "192.0.2.1", "[192.0.2.9]")),
    ("from h (192.0.2.9 [192.0.2.1])", ("h", "192.0.2.1", "h")),
    ("from h (n.example [fe80::1%eth0])", ("n.example", "fe80::1", "h")),
    (
        "from h (n.example. [192.0.2.1]) (using TLSv1.3 (256/256 bits))",
        ("n.example", "192.0.2.1", "h"),
    ),
    ("from n.example ([192.0.2.1]:2525 helo=h)", ("n.example", "192.0.2.1", "h")),
    ("from [192.0.2.1] (port=2525 helo=h ident=u)", (None, "192.0.2.1", "h")),
    ("from [192.0.2.1] (account u@n.example HELO h)", (None, "192.0.2.1", "h")),
    (
        "from [192.0.2.9] (n.example [192.0.2.1] verified)",
        ("n.example", "192.0.2.1", "[192.0.2.9]"),
    ),
    ("from n.example (2001:db8::1) by r.example (203.0.113.1)", ("n.example", "2001:db8::1", None)),
    ("from n.example ([u@192.0.2.1])", ("n.example", None, "n.example")),
    ("from 192.0.2.1", ("192.0.2.1", None, None)),
    ("by mx.example", (None, None, None)),
    ("(nothing", (None, None, None)),
    ("", (None, None, None)),
]


def hop(text: str) -> Received:
    """The hop of one field."""
    return parse(b"Received: " + text.encode() + b"\n\n").received[0]


class Hops(SynchronousTestCase):
    """What a field tells."""

    def test_clients(self) -> None:
        """The from clause as different MTAs write it."""
        for text, facts in CLIENTS:
            with self.subTest(text=text):
                found = hop(text + DATE)
                ip = str(found.from_ip) if found.from_ip is not None else None
                self.assertEqual((found.from_name, ip, found.helo), facts)

    def test_names_of_addresses(self) -> None:
        """A name that the server has found, not one that it was told."""
        table = [
            ("from h.example (n.example [192.0.2.1])", "n.example"),
            ("from n.example (n.example [192.0.2.1])", "n.example"),
            ("from h.example (unknown [192.0.2.1])", None),
            ("from h (n.example. [192.0.2.1] (may be forged))", None),
            ("from n.example ([192.0.2.1] helo=h.example)", "n.example"),
            ("from [192.0.2.1] (helo=h.example)", None),
            ("from h.example ([192.0.2.1])", None),
            ("from n.example (HELO h) (192.0.2.1)", "n.example"),
        ]
        for text, name in table:
            with self.subTest(text=text):
                self.assertEqual(hop(text + DATE).hostname, name)

    def test_other_clauses(self) -> None:
        """Server, protocol, id, recipient, date; in any order, the first of several."""
        found = hop(
            "from a by mx.example (Postfix) with esmtps (TLS) id ABC\n"
            "\tfor <a@b>; Fri, 21 Nov 1997 09:55:06 -0600 (CST)"
        )
        self.assertEqual(
            (found.by, found.with_, found.id, found.for_), ("mx.example", "ESMTPS", "ABC", "a@b")
        )
        assert found.date is not None
        self.assertEqual(found.date.isoformat(), "1997-11-21T09:55:06-06:00")
        found = hop("by a with b by c; bad")
        self.assertEqual((found.by, found.with_, found.id, found.date), ("a", "B", None, None))

    def test_order(self) -> None:
        """Top first."""
        message = parse(b"Received: by a\nReceived: by b\n\n")
        self.assertEqual([found.by for found in message.received], ["a", "b"])

    def test_cut(self) -> None:
        """A long field is cut."""
        self.assertEqual(len(hop("by " + "a" * 100_000).raw), 4096)


class Dates(SynchronousTestCase):
    """Dates as they are written."""

    def test_table(self) -> None:
        """One row for each form."""
        table = [
            ("Fri, 21 Nov 1997 09:55:06 -0600", "1997-11-21T09:55:06-06:00"),
            ("21 Nov 97 09:55 GMT", "1997-11-21T09:55:00+00:00"),
            ("21 Nov 05 09:55 EST", "2005-11-21T09:55:00-05:00"),
            ("21-November-2020, 9:55:06 Z", "2020-11-21T09:55:06+00:00"),
            ("21 Nov 2020 09:55:60 -0000", "2020-11-21T09:55:59+00:00"),
            ("21 Nov 2020 09:55:06 +2500", "2020-11-21T09:55:06+00:00"),
            ("21 Nov 2020 09:55:06 ODD", "2020-11-21T09:55:06+00:00"),
            ("Fri Nov 21 09:55:06 EST 1997", "1997-11-21T09:55:06+00:00"),
            ("31 Feb 2020 09:55:06 +0000", None),
            ("21 Foo 2020 09:55:06 +0000", None),
            ("21 Nov 2020 25:55:06 +0000", None),
            ("1" * 1_000_000, None),
            ("21 Nov " + "2" * 5000 + " 09:55:06", None),
            ("٢١ Nov 2020 09:55:06 +0000", None),
            ("", None),
        ]
        for text, expected in table:
            with self.subTest(text=text[:40]):
                found = parse_date(text)
                self.assertEqual(found.isoformat() if found else None, expected)

    def test_field(self) -> None:
        """The Date of a message."""
        self.assertIsNone(parse(b"").date)
        message = parse(b"Date: never\n\n")
        self.assertIsNone(message.date)
        self.assertEqual([str(anomaly.kind) for anomaly in message.anomalies], ["bad-date"])
