"""Headers and query of a scan request become an envelope."""

from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.http1 import RequestHead
from mailfilter.codec.http_body import Refused
from mailfilter.codec.http_query import query_headers
from mailfilter.scan.envelope import Envelope, Recipient, TlsFacts
from mailfilter.scan.networks import distrusted, local_networks
from mailfilter.scan.request_settings import RequestSettings
from mailfilter.scan.verdict import Action
from mailfilter.servers.request_envelope import (
    MAX_ADDRESS,
    MAX_ARGS,
    MAX_RECIPIENT_OCTETS,
    MAX_RECIPIENTS,
    MAX_VALUE,
    Told,
    build_envelope,
    fields_of,
)


def head_of(*headers: tuple[str, bytes], query: bytes = b"") -> RequestHead:
    return RequestHead(
        method=b"POST",
        path=b"/checkv2",
        arguments=query_headers(query),
        headers=[(name.lower().encode(), value) for name, value in headers],
        keep_alive=True,
        expects_continue=False,
    )


def envelope_of(*headers: tuple[str, bytes], query: bytes = b"") -> Envelope:
    return build_envelope("http", Told(fields_of(head_of(*headers, query=query))))


def recipients(*addresses: str) -> tuple[Recipient, ...]:
    return tuple(Recipient(address) for address in addresses)


def _lacks(envelope: Envelope) -> tuple[str | None, bool, bool]:
    return envelope.sender, envelope.lacks_sender, envelope.lacks_recipients


# header, value, attribute of the envelope, what it is
VALUES: list[tuple[str, bytes, str, Any]] = [
    ("From", b"a@example.org", "sender", "a@example.org"),
    ("From", b"<a@example.org>", "sender", "a@example.org"),
    ("From", b"", "sender", ""),
    ("From", b"<>", "sender", ""),
    ("From", b'"a b"@example.org', "sender", '"a b"@example.org'),
    ("From", "ä@example.org".encode(), "sender", "ä@example.org"),
    ("From", b"a\xff@example.org", "sender", "a\ufffd@example.org"),
    ("Rcpt", b"b@example.net", "recipients", recipients("b@example.net")),
    ("Rcpt", b"<b@c>,  d@e , <f@g>", "recipients", recipients("b@c", "d@e", "f@g")),
    ("Rcpt", b'"b,\\",c"@d, e@f', "recipients", recipients('"b,\\",c"@d', "e@f")),
    ("Rcpt", b"b@c,,", "recipients", recipients("b@c")),
    ("Rcpt", b"", "recipients", ()),
    ("IP", b"192.0.2.1", "client_ip", ip_address("192.0.2.1")),
    ("Ip", b"[192.0.2.1]", "client_ip", ip_address("192.0.2.1")),
    ("IP", b"2001:DB8::1", "client_ip", ip_address("2001:db8::1")),
    ("IP", b"[2001:db8::1]", "client_ip", ip_address("2001:db8::1")),
    ("IP", b"::ffff:192.0.2.1", "client_ip", ip_address("192.0.2.1")),
    ("IP", b"fe80::1%eth0", "client_ip", ip_address("fe80::1")),
    ("IP", b"/run/socket", "client_ip", None),
    ("IP", b"unknown", "client_ip", None),
    ("IP", b"192.0.2.1, 192.0.2.2", "client_ip", None),
    ("IP", b"\xff", "client_ip", None),
    ("IP", b"1" * 4000, "client_ip", None),
    ("HELO", b"mx.example.org", "helo", "mx.example.org"),
    ("Helo", b"", "helo", None),
    ("Hostname", b"mx.example.org", "hostname", "mx.example.org"),
    ("Hostname", b"unknown", "hostname", None),
    ("Hostname", b"Unknown", "hostname", None),
    ("Hostname", b"<unknown>", "hostname", None),
    ("Hostname", b"DNSERROR", "hostname", None),
    ("Hostname", b"[192.0.2.1]", "hostname", None),
    ("User", b"someone", "user", "someone"),
    ("User", b"", "user", None),
    ("Auth", b"someone", "user", "someone"),
    ("Deliver-To", b"<b@example.net>", "deliver_to", "b@example.net"),
    ("Deliver-To", b"b@example.net", "deliver_to", "b@example.net"),
    ("Deliver-To", b"", "deliver_to", None),
    ("Queue-ID", b"4A5B", "queue_id", "4A5B"),
    ("MTA-Name", b"mx", "mta_name", "mx"),
    ("MTA-Tag", b"maddy", "mta_tag", "maddy"),
    ("TLS-Cipher", b"AES", "tls", TlsFacts(cipher="AES")),
    ("TLS-Version", b"1.3", "tls", TlsFacts(version="1.3")),
    ("TLS-Cert-Issuer", b"CN=x", "tls", TlsFacts(cert_issuer="CN=x")),
    ("Settings-ID", b"outbound", "settings_id", "outbound"),
    ("Pass", b"All", "flags", frozenset({"pass_all"})),
    ("Pass", b"some", "flags", frozenset()),
    ("Log", b"no", "flags", frozenset({"no_log"})),
    ("Log", b"yes", "flags", frozenset()),
    ("Raw", b"yes", "flags", frozenset({"raw"})),
    ("Raw", b"no", "flags", frozenset()),
    ("URL-Format", b"extended", "flags", frozenset({"ext_urls"})),
    ("URL-Format", b"plain", "flags", frozenset()),
    ("Milter", b"", "flags", frozenset({"milter"})),
    ("Profile", b"1", "flags", frozenset({"profile"})),
    ("Flags", b"trace,  groups ,,", "flags", frozenset({"trace", "groups"})),
    ("Flags", b"skip_process", "flags", frozenset({"skip", "skip_process"})),
    ("Compression", b"", "flags", frozenset()),
    ("Content-Encoding", b"Identity", "flags", frozenset()),
    ("SPF", b"[object Object]", "flags", frozenset()),
    ("Subject", b"hi", "subject", "hi"),
    ("Filename", b"/a/b.eml", "filename", "/a/b.eml"),
    ("Log-Tag", b"x1", "log_tag", "x1"),
    ("X-Rspamd-Mail-Esmtp-Args", b"SIZE=100", "sender_args", ("SIZE=100",)),
]


BESIDE = {"mta_name": "mta_host"}
"""What else one header says."""


class Envelopes(SynchronousTestCase):
    def test_one_header(self) -> None:
        empty = Envelope(listener="http")
        for name, value, attribute, expected in VALUES:
            found = envelope_of((name, value))
            self.assertEqual(expected, getattr(found, attribute), (name, value))
            for other in Envelope.__slots__:
                if other not in (attribute, BESIDE.get(attribute)):
                    self.assertEqual(
                        getattr(empty, other), getattr(found, other), (name, value, other)
                    )

    def test_unknown_flags(self) -> None:
        found = envelope_of(("Flags", b"groups, Pass_All,x, broken_headers"))
        self.assertEqual(frozenset({"groups"}), found.flags)
        self.assertEqual(("flags: 3 unknown",), found.notes)

    def test_bounds(self) -> None:
        """What is over them is left out: a stranger must not keep a message from being scanned."""
        args = b"SIZE=1"
        long = b"x" * (MAX_VALUE + 1)
        empty = Envelope(listener="http")
        for name in (
            "Helo",
            "Hostname",
            "User",
            "Deliver-To",
            "Queue-Id",
            "MTA-Name",
            "MTA-Tag",
            "TLS-Cipher",
            "TLS-Version",
            "TLS-Cert-Issuer",
            "Settings-ID",
            "Flags",
            "Log-Tag",
            "X-Rspamd-Mail-Esmtp-Args",
            "X-Y",
        ):
            note = f"envelope: 1 headers left out, longer than {MAX_VALUE} octets"
            self.assertEqual(replace(empty, notes=(note,)), envelope_of((name, long)))
        found = envelope_of(*[("X-Rspamd-Mail-Esmtp-Args", args)] * (MAX_ARGS + 2))
        self.assertEqual(MAX_ARGS, len(found.sender_args))
        self.assertEqual(("envelope: 2 ESMTP arguments left out",), found.notes)

    def test_long_addresses(self) -> None:
        """They are like those that cannot be read."""
        for size in (MAX_ADDRESS + 1, MAX_VALUE + 1):
            found = envelope_of(("From", b"a" * size), ("Rcpt", b"b" * size), ("Rcpt", b"c@d"))
            self.assertIsNone(found.sender)
            self.assertEqual(recipients("c@d"), found.recipients)
            self.assertTrue(found.lacks_sender)
            self.assertTrue(found.lacks_recipients)

    def test_many_recipients(self) -> None:
        many = b",".join([b"a@b"] * (MAX_RECIPIENTS + 1))
        note = f"envelope: recipients behind the first {MAX_RECIPIENTS} are not looked at"
        for headers in (
            [("Rcpt", many)],
            [("Rcpt", b"a@b")] * (MAX_RECIPIENTS + 1),
            [("Rcpt", many[:-4]), ("Rcpt", b"a@b")],
        ):
            found = envelope_of(*headers)
            self.assertEqual(MAX_RECIPIENTS, len(found.recipients))
            self.assertTrue(found.lacks_recipients)
            self.assertEqual((note,), found.notes)
        for headers in (
            [("Rcpt", b"a@b,")] * MAX_RECIPIENTS,
            [("Rcpt", b",," + many[:-4])] + [("Rcpt", b"")] * MAX_RECIPIENTS,
        ):
            found = envelope_of(*headers)
            self.assertEqual((MAX_RECIPIENTS, ()), (len(found.recipients), found.notes))
            self.assertFalse(found.lacks_recipients)

    def test_long_lists_of_recipients(self) -> None:
        """No longer than they can be looked through at once, whatever is in them."""
        nothing = b"," * (MAX_RECIPIENT_OCTETS - 3)
        found = envelope_of(("Rcpt", nothing), ("Rcpt", b"a@b"))
        self.assertEqual((recipients("a@b"), False), (found.recipients, found.lacks_recipients))
        found = envelope_of(("Rcpt", nothing), ("Rcpt", b"a@b"), ("Rcpt", b"c"))
        self.assertEqual((recipients("a@b"), True), (found.recipients, found.lacks_recipients))

    def test_null_sender(self) -> None:
        """Some MTAs tell of none at all; a sender that cannot be read is not that."""
        mail = (("Helo", b"mx"), ("Rcpt", b"a@b"))
        self.assertEqual("", envelope_of(*mail).sender)
        self.assertEqual("", envelope_of(*mail, ("From", b"<>")).sender)
        self.assertIsNone(envelope_of(*mail, ("From", b"a b")).sender)
        self.assertIsNone(envelope_of(mail[0]).sender)
        self.assertIsNone(envelope_of(mail[1]).sender)

    def test_settings(self) -> None:
        text = b'{"actions":{"reject":5},"x":1}'
        found = envelope_of(("Settings", text), ("Maxscore", b"9"), ("Softscore", b"2.5"))
        thresholds = {Action.REJECT: 5, Action.ADD_HEADER: 2.5}
        self.assertEqual(RequestSettings(thresholds), found.settings)
        (note,) = found.notes
        self.assertTrue(note.startswith("settings: 1 unknown keys"), note)
        for bad in (b"{", b"[" * 4000, b"\xff", b'"\xff"'):
            found = envelope_of(("Settings", bad))
            self.assertIsNone(found.settings)
            self.assertTrue(found.notes[0].startswith("settings: not JSON"), found.notes)
        for bad in (b"x", b"nan", b"inf", b""):
            self.assertIsNone(envelope_of(("Maxscore", bad)).settings)

    def test_nothing(self) -> None:
        self.assertEqual(Envelope(listener="http"), envelope_of())

    def test_repeated(self) -> None:
        found = envelope_of(
            ("Rcpt", b"a@b,c@d"),
            ("X-Rspamd-Mail-Esmtp-Args", b"SIZE=1"),
            ("X-Rspamd-Rcpt-Esmtp-Args", b"2:NOTIFY=NEVER"),
            ("Rcpt", b"<e@f>"),
            ("X-Rspamd-Mail-Esmtp-Args", b"BODY=8BITMIME"),
            ("X-Rspamd-Rcpt-Esmtp-Args", b"2:ORCPT=rfc822;e@f"),
            ("X-Rspamd-Rcpt-Esmtp-Args", b"0:A=B"),
            ("X-Rspamd-Rcpt-Esmtp-Args", b"77:A=B"),
            ("X-Rspamd-Rcpt-Esmtp-Args", b"-1:A=B"),
            ("X-Rspamd-Rcpt-Esmtp-Args", b"nonsense"),
            ("Helo", b"first"),
            ("Helo", b"second"),
        )
        self.assertEqual(
            (
                Recipient("a@b", ("A=B",)),
                Recipient("c@d"),
                Recipient("e@f", ("NOTIFY=NEVER", "ORCPT=rfc822;e@f")),
            ),
            found.recipients,
        )
        self.assertEqual(("SIZE=1", "BODY=8BITMIME"), found.sender_args)
        self.assertEqual("first", found.helo)

    def test_user_before_auth(self) -> None:
        self.assertEqual("u", envelope_of(("Auth", b"a"), ("User", b"u")).user)

    def test_broken_addresses(self) -> None:
        for value in (b"A B <a@b>", b"a b@c", b"<a@b", b'"a@b', b"a<b>@c"):
            found = envelope_of(("From", value))
            self.assertEqual((None, True, False), _lacks(found), value)
            self.assertEqual(("envelope: the sender is no address",), found.notes)
            found = envelope_of(("Rcpt", value), ("Rcpt", b"x@y"))
            self.assertEqual(recipients("x@y"), found.recipients, value)
            self.assertEqual((None, False, True), _lacks(found), value)
            self.assertEqual(("envelope: 1 recipients are no addresses",), found.notes)

    def test_who_is_not_trusted(self) -> None:
        """Nothing that is told of the client is left."""
        head = head_of(
            ("IP", b"192.0.2.1"), ("Hostname", b"mx.example.org"), ("Raw", b"yes"), ("Helo", b"a")
        )
        told = build_envelope("http", Told(fields_of(head)), is_trusted=False)
        found = distrusted(told, local_networks(()))
        plain = Envelope(listener="http", helo="a", is_trusted=False, knows_client=False)
        self.assertEqual(plain, found)

    def test_addresses_between_commas(self) -> None:
        for value, expected in (
            (b"a@b,c@d", ["a@b", "c@d"]),
            (b" , a@b ,\t,c@d\t, ", ["a@b", "c@d"]),
            (b'"a,b"@c,d@e', ['"a,b"@c', "d@e"]),
            (b'"a\\",b"@c,d@e', ['"a\\",b"@c', "d@e"]),
            (b"a\\,b@c,d@e", ["a\\,b@c", "d@e"]),
            (b"a@b,c\\", ["a@b", "c\\"]),
        ):
            self.assertEqual(recipients(*expected), envelope_of(("Rcpt", value)).recipients, value)
        # What is open to the end is one, and no address.
        self.assertEqual(recipients("a@b"), envelope_of(("Rcpt", b'a@b,"c,d@e')).recipients)

    def test_arguments_follow_their_recipient(self) -> None:
        found = envelope_of(
            ("Rcpt", b"a b@c, d@e"), ("X-Rspamd-Rcpt-Esmtp-Args", b"1:NOTIFY=NEVER")
        )
        self.assertEqual((Recipient("d@e", ("NOTIFY=NEVER",)),), found.recipients)

    def test_blanks_around_a_query_argument(self) -> None:
        self.assertEqual("a b", envelope_of(query=b"helo=%20a%20b%09").helo)

    def test_query(self) -> None:
        found = envelope_of(
            ("Helo", b"header"),
            query=b"hELO=query&from=a%2Bb@c&rcpt=d+e@f&rcpt=g%40h%2ci@j&ip=192.0.2.1&pass=all&x&=y",
        )
        self.assertEqual("header", found.helo)
        self.assertEqual("a+b@c", found.sender)
        self.assertEqual(recipients("d+e@f", "g@h", "i@j"), found.recipients)
        self.assertEqual(ip_address("192.0.2.1"), found.client_ip)
        self.assertEqual({"pass_all"}, found.flags)


NAMES = sorted({name for name, *_ in VALUES} | {"X-Rspamd-Rcpt-Esmtp-Args", "File", "X"})
SCRAPS = [b"<", b">", b'"', b",", b"\\", b"@", b" ", b":", b"1", b"%41", b"%", b"&", b"=", b"\xff"]


class Fuzz(SynchronousTestCase):
    @settings(max_examples=300, derandomize=True, deadline=None, database=None)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(NAMES),
                st.lists(st.sampled_from(SCRAPS) | st.binary(max_size=5)).map(b"".join),
            ),
            max_size=8,
        ),
        st.lists(st.sampled_from([*SCRAPS, b"rcpt=", b"ip="]), max_size=8).map(b"".join),
    )
    def test_refused_or_read(self, headers: list[tuple[str, bytes]], query: bytes) -> None:
        try:
            found = envelope_of(*headers, query=query)
        except Refused as refused:
            self.assertEqual(400, refused.status)
            return
        for recipient in found.recipients:
            self.assertTrue(recipient.address)
