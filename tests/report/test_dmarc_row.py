"""Rows of aggregate reports: what a message adds, bounded and without persons."""

from ipaddress import ip_address
from unittest import TestCase

from mailfilter.report.dmarc_row import (
    MAX_OCTETS,
    PublishedPolicy,
    Row,
    Signed,
    Told,
    decoded,
    told,
)
from mailfilter.scan.verdict import Action, AuthResult

from .dmarc_case import RUA, dkim_result, dmarc_result, failed, spf_result


def tell(
    *results: AuthResult, action: Action = Action.NO_ACTION, sender: str = "bob@mail.example.com"
) -> Told | None:
    return told(results, ip_address("203.0.113.9"), sender, action)


def row(*results: AuthResult, action: Action = Action.NO_ACTION) -> Row:
    found = tell(*results, action=action)
    assert found is not None
    decoded_row = decoded(found.row)
    assert decoded_row is not None
    return decoded_row


class RowTests(TestCase):
    def test_all(self) -> None:
        """What is told of a good message."""
        found = tell(spf_result(), dkim_result(), dmarc_result())
        assert found is not None
        self.assertEqual(
            found.policy,
            PublishedPolicy("example.com", RUA, "r", "s", "reject", "quarantine", "100", "0"),
        )
        self.assertTrue(found.is_accepted)
        self.assertEqual(
            decoded(found.row),
            Row(
                "192.0.2.1",
                "none",
                "pass",
                "pass",
                "",
                "",
                "example.com",
                "mail.example.com",
                "mail.example.com",
                "mfrom",
                "pass",
                (Signed("example.com", "s1", "pass"),),
            ),
        )
        self.assertNotIn(b"bob", found.row)

    def test_nobody_to_tell(self) -> None:
        for results in (
            (),
            (spf_result(), dkim_result()),
            (dmarc_result(rua=""),),
            (dmarc_result(rua="https://example.com/"),),
            (dmarc_result(domain=""),),
            (dmarc_result(domain="com"),),
            (dmarc_result(domain="../a.example"),),
            (dmarc_result(domain="a..example"),),
            (dmarc_result(author=""),),
            (dmarc_result(rua="mailto:" + "a" * 2000),),
        ):
            self.assertIsNone(tell(*results), results)

    def test_put_off(self) -> None:
        """It comes again, and is told then."""
        self.assertIsNone(tell(dmarc_result(), action=Action.SOFT_REJECT))

    def test_disposition(self) -> None:
        """What was asked and done; what was done for other reasons is not DMARC's."""
        for asked, action, expected in (
            ("none", Action.REJECT, ("none", "")),
            ("none", Action.NO_ACTION, ("none", "")),
            ("quarantine", Action.ADD_HEADER, ("quarantine", "")),
            ("quarantine", Action.REJECT, ("quarantine", "")),
            ("quarantine", Action.NO_ACTION, ("none", "local_policy")),
            ("quarantine", Action.GREYLIST, ("none", "local_policy")),
            ("reject", Action.REJECT, ("reject", "")),
            ("reject", Action.DISCARD, ("reject", "")),
            ("reject", Action.QUARANTINE, ("quarantine", "local_policy")),
            ("reject", Action.NO_ACTION, ("none", "local_policy")),
            ("gibberish", Action.REJECT, ("none", "")),
        ):
            found = row(failed(asked), action=action)
            self.assertEqual((found.disposition, found.reason), expected, (asked, action))
        passed = row(dmarc_result(asked="reject"), action=Action.REJECT)
        self.assertEqual((passed.disposition, passed.reason), ("none", ""))

    def test_override(self) -> None:
        for override, expected in (
            ("sampled_out", "sampled_out"),
            ("trusted_forwarder", "trusted_forwarder"),
            ("arc", "other"),
        ):
            found = row(failed("none", override=override, override_comment="arc=pass\r\nX"))
            self.assertEqual(
                (found.disposition, found.reason, found.comment),
                ("none", expected, "arc=pass??X"),
            )

    def test_accepted(self) -> None:
        for action, expected in (
            (Action.NO_ACTION, True),
            (Action.GREYLIST, True),
            (Action.ADD_HEADER, False),
            (Action.REJECT, False),
        ):
            found = tell(dmarc_result(), action=action)
            assert found is not None
            self.assertEqual(found.is_accepted, expected)

    def test_client(self) -> None:
        """By SPF, which knows who is behind relays; else the envelope's."""
        self.assertEqual(row(spf_result(ip="2001:db8::1"), dmarc_result()).source_ip, "2001:db8::1")
        self.assertEqual(row(dmarc_result()).source_ip, "203.0.113.9")
        self.assertIsNone(told((dmarc_result(),), None, None, Action.NO_ACTION))
        self.assertIsNone(tell(spf_result(ip="<b>"), dmarc_result()))

    def test_bounce(self) -> None:
        facts = (("envelope-from", ""), ("helo", "MX.example.net."), ("identity", "helo"))
        found = row(AuthResult("spf", "pass", facts=facts), dmarc_result())
        self.assertEqual(
            (found.spf_domain, found.spf_scope, found.spf_result),
            ("mx.example.net", "helo", "pass"),
        )

    def test_no_spf(self) -> None:
        found = row(dmarc_result())
        self.assertEqual(
            (found.spf_domain, found.spf_scope, found.spf_result),
            ("mail.example.com", "mfrom", "none"),
        )

    def test_signatures(self) -> None:
        """Bounded; the good ones first, of these the author's; unknown results are not told."""
        many = [dkim_result("fail", f"{n}.example") for n in range(20)]
        found = row(
            *many,
            dkim_result("pass", "b.example"),
            dkim_result(),
            dkim_result(),
            dkim_result("strange"),
            dmarc_result(),
        )
        self.assertEqual(
            [item.domain for item in found.signatures],
            ["example.com", "b.example", "0.example", "1.example", "2.example", "3.example"],
        )

    def test_hostile(self) -> None:
        """Texts of strangers stay within bounds, on one line, and in what XML can hold."""
        for text in ("\0\x01\r\n]]>", "é" * 5000, "\ud800", "\ufffe\uffff", '"' * 4000):
            found = tell(
                spf_result(sender="a@" + text),
                *(dkim_result(domain=f"{n}{text}", selector=text) for n in range(9)),
                failed(
                    author="x" + text,
                    domain="example.com",
                    override=text,
                    override_comment=text,
                    fo=text,
                    p=text,
                ),
                sender="a@" + text,
            )
            assert found is not None
            self.assertLessEqual(len(found.row), MAX_OCTETS)
            back = decoded(found.row)
            assert back is not None
            self.assertTrue(back.header_from.isprintable())
            self.assertEqual(found.policy.p, "none")

    def test_strange_rows(self) -> None:
        for octets in (b"", b"#messages", b"[]", b'["a"]', b"{}", b"\xff"):
            self.assertIsNone(decoded(octets))
