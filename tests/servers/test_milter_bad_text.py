"""The rows about what milter carries, of the catalogue of bad input (specs: bad-input.md)."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.scan.envelope import Envelope, TlsFacts
from mailfilter.scan.networks import distrusted, local_networks
from mailfilter.scan.verdict import (
    Action,
    AddHeader,
    AddRecipient,
    ChangeHeader,
    ChangeSender,
    Edit,
    RemoveRecipient,
    ReplaceBody,
)
from mailfilter.testing.fake_scanner import NO_ACTION, FakeScanner

from ..codec.milter_mta import MESSAGE, connect, frame, header, helo, macros, mail, message, offer
from .milter_server import ACCEPT, START, Mta, logged

EXAMPLES = settings(max_examples=200, derandomize=True, deadline=None, database=None)

evil = st.text(st.sampled_from("\r\n\0\t %:;a<>.é\u2028\x85\x1b"), max_size=30)


class Row15Tests(SynchronousTestCase):
    """Line breaks, NULs and percent signs in what a verdict took from the mail."""

    def answer(self, **changes: object) -> list[tuple[str, bytes]]:
        """The replies to a message with such a verdict."""
        verdict = replace(NO_ACTION, **changes)  # type: ignore[arg-type]
        mta = Mta(FakeScanner(verdict))
        return mta.send(*START, *message())[1:]

    @EXAMPLES
    @given(evil, st.sampled_from([Action.REJECT, Action.SOFT_REJECT]))
    def test_reply_text(self, text: str, action: Action) -> None:
        ((code, payload),) = self.answer(action=action, smtp_message=text)
        self.assertEqual((code, payload[-1:]), ("y", b"\0"))
        lines = payload[:-1].split(b"\r\n")
        begin = b"5" if action is Action.REJECT else b"4"
        for line in lines:
            self.assertTrue(line[:1] == begin and line[:3].isdigit(), payload)
            self.assertEqual(line[3:4], b" " if line is lines[-1] else b"-", payload)
            self.assertTrue(all(0x20 <= octet <= 0x7E for octet in line), payload)
            self.assertEqual(line.replace(b"%%", b"").count(b"%"), 0, payload)
            self.assertLessEqual(len(line), 1000)

    @EXAMPLES
    @given(evil, evil, st.sampled_from([-1, 0, 1, 5]))
    def test_edits(self, name: str, value: str, index: int) -> None:
        """Each frame holds just its strings; a line break goes on with white space, or not."""
        edits: tuple[Edit, ...] = (
            AddHeader(f"X{name}", value, index), ChangeHeader(f"X{name}", value),
            AddHeader("X-A", value, index), ChangeHeader("X-A", value),
            AddRecipient(f"{value}@example.org"), RemoveRecipient(f"{name}@example.org"),
            ChangeSender(f"{value}@example.org", (name,)),
        )  # fmt: skip
        *changes, last = self.answer(edits=edits)
        self.assertEqual(last, ACCEPT)
        strings = {"h": 2, "i": 2, "m": 2, "+": 1, "-": 1, "e": (1, 2)}
        for code, payload in changes:
            text = payload[4:] if code in "im" else payload
            expected = strings[code]
            count = text.count(b"\0")
            self.assertIn(count, expected if isinstance(expected, tuple) else (expected,), payload)
            self.assertEqual(text[-1:], b"\0")
            self.assertNotIn(b"\r", text)
            first, _, rest = text.partition(b"\0")
            self.assertNotIn(b"\n", first)
            for after in rest.split(b"\n")[1:]:
                self.assertIn(after[:1], (b" ", b"\t"), payload)

    @EXAMPLES
    @given(evil)
    def test_subject(self, text: str) -> None:
        *changes, last = self.answer(action=Action.REWRITE_SUBJECT, subject=text)
        self.assertEqual(last, ACCEPT)
        for code, payload in changes:
            self.assertEqual((code, payload[:12]), ("m", b"\0\0\0\1Subject\0"))
            self.assertEqual(payload.count(b"\0", 4), 2)
            self.assertNotIn(b"\r", payload)
            self.assertTrue(payload[12:-1].isascii())
            for after in payload.split(b"\n")[1:]:
                self.assertIn(after[:1], (b" ", b"\t"))


class Row18Tests(SynchronousTestCase):
    """Macros that are missing, strange or forged."""

    def envelope(self, *parts: bytes, **settings: Any) -> Envelope:
        """What is told of a message after these frames."""
        mta = Mta(**settings)
        self.assertEqual(mta.send(offer(), *parts, *message())[-1], ACCEPT)
        ((envelope, _),) = mta.scanner.calls
        return envelope

    def test_the_connection_is_believed_before_the_macro(self) -> None:
        forged = macros("C", "{client_addr}", "127.0.0.1")
        found = self.envelope(forged, connect(), helo())
        self.assertEqual(str(found.client_ip), "192.0.2.7")
        for family in (b"h\0U", b"h\0L\0\0/run/x\0"):
            self.assertIsNone(self.envelope(forged, frame("C", family)).client_ip)

    def test_odd_addresses_are_none(self) -> None:
        odd = ["unknown", "", "unix", "local", "IPv6:", "IPv6:zz", "192.0.2.7.9", "0x7f.1", "127.1"]
        for text in [*odd, "1" * 5000, "::ffff:300.0.0.1", "192.0.2.7\r\n", "[", "é"]:
            found = self.envelope(macros("C", "{client_addr}", text))
            self.assertIsNone(found.client_ip, text)

    def test_spellings_of_addresses(self) -> None:
        for text, expected in {
            "192.0.2.7": "192.0.2.7",
            "IPv6:2001:db8::7": "2001:db8::7",
            "ipv6:2001:DB8::7": "2001:db8::7",
            "::ffff:192.0.2.7": "192.0.2.7",
            "IPv6:::ffff:192.0.2.7": "192.0.2.7",
        }.items():
            found = self.envelope(macros("C", "{client_addr}", text))
            self.assertEqual(str(found.client_ip), expected)

    def test_none_at_all(self) -> None:
        found = self.envelope()
        self.assertEqual((found.user, found.tls, found.queue_id, found.mta_name), (None,) * 4)
        self.assertEqual((found.client_ip, found.hostname, found.helo), (None,) * 3)

    def test_a_listener_that_is_not_trusted(self) -> None:
        """Login, certificate and an address of our own are worth nothing there."""
        told = [
            macros("C", "{client_addr}", "127.0.0.1"),
            macros("H", "{cert_subject}", "root", "{cert_issuer}", "CA", "{verify}", "OK"),
            macros("M", "{auth_authen}", "root"),
        ]
        for is_trusted in (True, False):
            found = self.envelope(*told, trusted=is_trusted, cert_issuer="CA")
            self.assertEqual(found.is_trusted, is_trusted)
        stripped = distrusted(found, local_networks(()))
        self.assertEqual((stripped.user, stripped.client_ip), (None, None))
        self.assertEqual(stripped.tls, TlsFacts())

    def test_certificates(self) -> None:
        """Only one of the issuer named, and verified, stands for a login."""
        for issuer, verify, user in (
            ("CA", "OK", "bob"), ("CA", "FAIL", None), ("CA", "NO", None), ("ca", "OK", None),
            ("CA ", "OK", None), ("", "OK", None), ("Other", "OK", None),
        ):  # fmt: skip
            told = macros("H", "{cert_subject}", "bob", "{cert_issuer}", issuer, "{verify}", verify)
            found = self.envelope(connect(), told, helo(), cert_issuer="CA")
            self.assertEqual(found.user, user, (issuer, verify))
            self.assertIsNone(self.envelope(connect(), told, helo(), cert_issuer="").user)

    def test_login_of_another_message(self) -> None:
        login = macros("M", "{auth_authen}", "mallory")
        for between in ([*message()], [mail(), frame("A")], [helo()], [frame("K"), *START[1:]]):
            mta = Mta()
            mta.send(*START, login, *between, *message())
            self.assertIsNone(mta.scanner.calls[-1][0].user)

    def test_login_of_a_header(self) -> None:
        """What stands in the message or an address is no macro."""
        mta = Mta()
        sly = [mail("<{auth_authen}@x>", "AUTH=mallory"), *message()[1:3],
               header("{auth_authen}", "mallory"), *message()[3:]]  # fmt: skip
        mta.send(*START, *sly)
        self.assertIsNone(mta.scanner.calls[0][0].user)

    def test_values_are_bounded_and_never_raise(self) -> None:
        odd = ("x" * 60000, "\r\nX: y", "\x1b[2J", "%s{log_level}")
        for text in odd:
            for name in ("i", "j", "{auth_authen}", "{tls_version}", "{cert_subject}"):
                with logged() as lines:
                    found = self.envelope(*START[1:], macros("M", name, text))
                self.assertTrue(all(line.isprintable() for line in lines), lines)
                told = (found.user, found.queue_id, found.mta_name)
                self.assertTrue(all(len(each) <= 4096 for each in told if each))

    def test_not_utf_8(self) -> None:
        found = self.envelope(frame("D", b"M{auth_authen}\0\xff\xfe\0i\0\x80\0"))
        self.assertEqual((found.user, found.queue_id), ("\ufffd\ufffd", "\ufffd"))


SMUGGLED = [
    b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n", b"\r\n.\r", b"\r.\r\n", b"\r\n.\r\n", b"\n\n.\r\n",
    b"\0\r\n.\r\n", b"\r\n\0.\r\n", b"\r\r\n.\r\r\n", b"\r\n..\r\n",
]  # fmt: skip
COMMANDS = (
    b"MAIL FROM:<mallory@example.org>\r\nRCPT TO:<b@example.net>\r\nDATA\r\nX: y\r\n\r\nz\r\n"
)


class Row46Tests(SynchronousTestCase):
    """What would end a message in SMTP: here it is nothing but octets of a body."""

    def test_bodies_pass_as_they_are(self) -> None:
        head = MESSAGE.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        for dot in SMUGGLED:
            body = b"one" + dot + COMMANDS + b"QUIT\r\n"
            for at in range(len(b"one") + len(dot) + 1):
                mta = Mta()
                self.assertEqual(mta.send(*START, *message(body[:at], body[at:]))[1:], [ACCEPT])
                ((envelope, raw),) = mta.scanner.calls
                self.assertEqual(raw, head + body)
                self.assertEqual(envelope.sender, "a@example.org")
                self.assertFalse(mta.is_closing)

    def test_in_the_frame_of_the_end(self) -> None:
        for dot in SMUGGLED:
            mta = Mta()
            mta.send(*START, *message(b"one")[:-1], frame("E", dot + COMMANDS))
            ((_, raw),) = mta.scanner.calls
            self.assertTrue(raw.endswith(b"\r\n\r\none" + dot + COMMANDS))

    def test_in_header_fields(self) -> None:
        """They stay one message, of one sender."""
        for dot in SMUGGLED:
            mta = Mta()
            field = header(
                "X", (" a" + dot.decode("latin-1") + "MAIL FROM:<m@x>").replace("\0", "")
            )
            self.assertEqual(mta.send(*START, *message()[:3], field, *message()[3:])[1:], [ACCEPT])
            ((envelope, raw),) = mta.scanner.calls
            self.assertEqual(envelope.sender, "a@example.org")
            self.assertTrue(raw.endswith(MESSAGE.partition(b"From")[2]))

    def test_a_replaced_body_is_not_stuffed(self) -> None:
        """The MTA does that; what stands there are line ends as they should be."""
        verdict = replace(NO_ACTION, edits=(ReplaceBody(b"one\n.\ntwo\r\n.\r\n"),))
        mta = Mta(FakeScanner(verdict))
        replies = mta.send(*START, *message())[1:]
        self.assertEqual(replies, [("b", b"one\r\n.\r\ntwo\r\n.\r\n"), ACCEPT])
