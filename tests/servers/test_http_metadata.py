"""The metadata of /checkv3: what it means, and what is refused."""

from datetime import UTC
from itertools import product
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import json, msgpack
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.http_body import Part, Refused
from mailfilter.codec.http_head import MAX_LISTED
from mailfilter.scan.envelope import Envelope, Recipient, TlsFacts
from mailfilter.scan.request_settings import RequestSettings
from mailfilter.scan.verdict import Action
from mailfilter.servers.http_metadata import MAX_FIELDS, MAX_LIST, read_metadata
from mailfilter.servers.request_envelope import MAX_RECIPIENTS, build_envelope

_KEYS = st.sampled_from(
    (
        *("from", "rcpt", "ip", "settings", "tls", "mta", "flags", "raw", "headers", "tag"),
        *("mail_esmtp_args", "rcpt_esmtp_args", "actions", "scores", "subject", "Pass", "shm"),
    )
)
_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=5)
    | st.binary(max_size=5)
    | st.builds(msgpack.Ext, st.integers(0, 127), st.binary(max_size=5))
    | st.datetimes(timezones=st.just(UTC))
)
OBJECTS = st.dictionaries(
    _KEYS,
    st.recursive(
        _LEAVES,
        lambda some: (
            st.lists(some, max_size=4)
            | st.dictionaries(_KEYS | st.none() | st.integers(0, 9) | st.binary(max_size=2), some)
        ),
        max_leaves=12,
    ),
)

EVERYTHING: dict[str, Any] = {
    "from": "<a@example.org>",
    "rcpt": ["b@example.net", '"c,d"@example.net'],
    "ip": "2001:db8::1",
    "helo": "mx",
    "hostname": "mx.example.org",
    "queue_id": 4711,
    "user": "alice",
    "deliver_to": "b@example.net",
    "settings_id": "inbound",
    "settings": {"actions": {"reject": 9}},
    "tls": {"cipher": "TLS_AES"},
    "mta": {"tag": "t", "name": "mx.example.net"},
    "flags": ["groups", "pass_all"],
    "raw": True,
    "log_tag": "x1",
    "mail_esmtp_args": {"SIZE": "100", "SMTPUTF8": ""},
    "rcpt_esmtp_args": [{}, {"NOTIFY": "NEVER"}],
    "headers": {"TLS-Version": "TLSv1.3", "From": "forged@example.org", "X-Y": ["1", "2"]},
    "unknown": {"a": [1]},
}


def part(data: object, kind: bytes = b"application/json") -> Part:
    octets = msgpack.encode(data) if b"msgpack" in kind else json.encode(data)
    return Part("metadata", kind, octets)


class MetadataTests(SynchronousTestCase):
    def test_everything(self) -> None:
        expected = Envelope(
            listener="scan",
            client_ip=build_envelope("x", read_metadata(part({"ip": "2001:db8::1"}))[0]).client_ip,
            helo="mx",
            hostname="mx.example.org",
            sender="a@example.org",
            sender_args=("SIZE=100", "SMTPUTF8"),
            recipients=(
                Recipient("b@example.net"),
                Recipient('"c,d"@example.net', ("NOTIFY=NEVER",)),
            ),
            user="alice",
            queue_id="4711",
            mta_name="mx.example.net",
            mta_host="mx.example.net",
            mta_tag="t",
            tls=TlsFacts(version="TLSv1.3", cipher="TLS_AES"),
            deliver_to="b@example.net",
            settings_id="inbound",
            settings=RequestSettings(thresholds={Action.REJECT: 9}),
            log_tag="x1",
            flags=frozenset({"groups", "pass_all", "raw"}),
        )
        for kind, is_msgpack in ((b"application/json", False), (b"application/x-msgpack", True)):
            told, spoke_msgpack = read_metadata(part(EVERYTHING, kind))
            self.assertEqual(is_msgpack, spoke_msgpack)
            self.assertEqual(expected, build_envelope("scan", told))
        self.assertEqual("2001:db8::1", str(expected.client_ip))

    def test_one_recipient(self) -> None:
        told, _ = read_metadata(part({"rcpt": "b@example.net"}))
        self.assertEqual((Recipient("b@example.net"),), build_envelope("scan", told).recipients)

    def test_headers(self) -> None:
        """Few of them count; who the client is, and where the message, only keys say."""
        headers = {"User": "root", "IP": "127.0.0.1", "File": "/etc/passwd", "Settings": "{}"}
        told, _ = read_metadata(part({"from": "a@b", "headers": headers}))
        self.assertEqual([(b"from", b"a@b")], told.fields)
        headers = {"Pass": "all", "Log": "no", "Subject": "hi", "Filename": "f", "Profile": "1"}
        told, _ = read_metadata(part({"headers": headers}))
        expected = [(name.lower().encode(), text.encode()) for name, text in headers.items()]
        self.assertEqual(expected, told.fields)

    def test_where_the_message_is(self) -> None:
        """By keys that are headers elsewhere."""
        told, _ = read_metadata(part({"shm": "/a", "shm_offset": 5, "shm_length": 7}))
        expected = [(b"shm", b"/a"), (b"shm-offset", b"5"), (b"shm-length", b"7")]
        self.assertEqual(expected, told.fields)
        self.assertEqual([(b"file", b"/b")], read_metadata(part({"file": "/b"}))[0].fields)

    def test_raw(self) -> None:
        """Nothing but true is true."""
        for value, flags in ((True, {"raw"}), (False, set()), ("no", set()), (1, set())):
            told, _ = read_metadata(part({"raw": value}))
            self.assertEqual(flags, build_envelope("scan", told).flags, value)

    def test_many_recipients(self) -> None:
        """They are a stranger's choice, and some clients deliver what is refused."""
        many = 100_000
        given = {"rcpt": ["a@b"] * many, "rcpt_esmtp_args": [{"A": "1", "B": "2"}] * many}
        told, _ = read_metadata(part(given))
        self.assertEqual(2 * MAX_LISTED, len(told.fields))
        envelope = build_envelope("scan", told)
        self.assertTrue(envelope.lacks_recipients)
        expected = (Recipient("a@b", ("A=1", "B=2")),) * MAX_RECIPIENTS
        self.assertEqual(expected, envelope.recipients)

    def test_many_headers(self) -> None:
        """One value of each spelling, and not too many spellings."""
        told, _ = read_metadata(part({"headers": {"Subject": ["a"] * MAX_LIST}}))
        self.assertEqual([(b"subject", b"a")], told.fields)
        spelt = {
            "".join(letters): "a"
            for name in ("filename", "tls-version")
            for letters in product(*zip(name, name.upper(), strict=True))
        }
        args = {str(number): "" for number in range(MAX_LIST)}
        given: dict[str, Any] = {
            "headers": spelt,
            "mail_esmtp_args": args,
            "rcpt": ["a"] * MAX_LISTED,
        }
        read_metadata(part(given))
        given["rcpt_esmtp_args"] = [args]
        error = self.assertRaises(Refused, read_metadata, part(given))
        self.assertEqual(
            (400, f"cannot parse metadata: more than {MAX_FIELDS} values"),
            (error.status, error.text),
        )

    def test_line_ends(self) -> None:
        """They may be a stranger's, so the request is not refused for them."""
        told, _ = read_metadata(part({"helo": "a\r\nRcpt: b", "rcpt": "b\0@c"}))
        self.assertEqual([(b"helo", b"a??Rcpt: b"), (b"rcpt", b"b?@c")], told.fields)

    @settings(max_examples=500, derandomize=True, deadline=None, database=None)
    @given(OBJECTS, st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=2))
    def test_any_object(self, data: object, damages: list[tuple[int, int]]) -> None:
        """Whatever MessagePack can hold is read or refused."""
        octets = bytearray(msgpack.encode(data))
        for place, octet in damages:
            octets[place % len(octets)] = octet
        try:
            told, _ = read_metadata(Part("metadata", b"application/msgpack", bytes(octets)))
        except Refused as refused:
            self.assertEqual(400, refused.status)
            return
        build_envelope("scan", told)

    def test_octets_that_are_no_text(self) -> None:
        """They are replaced, as in headers."""
        for octets, expected in (
            (b'{"helo":"a\xff"}', "a\N{REPLACEMENT CHARACTER}"),
            (b'{"helo":"a\\ud800b"}', "a?b"),
        ):
            told, _ = read_metadata(Part("metadata", b"application/json", octets))
            self.assertEqual([(b"helo", expected.encode())], told.fields)

    def test_refused(self) -> None:
        for data, text in (
            (b"{", "cannot parse metadata: Expecting property name"),
            (b"[1]", "cannot parse metadata: expected an object"),
            (b"{}", "empty metadata object"),
            (b'{"from":{}}', "cannot parse metadata: from is no text"),
            (b'{"from":true}', "cannot parse metadata: from is no text"),
            (b'{"rcpt":[[]]}', "cannot parse metadata: rcpt is no text"),
            (b'{"tls":5}', "cannot parse metadata: tls is no object"),
            (b'{"headers":5}', "cannot parse metadata: headers is no object"),
            (b'{"mail_esmtp_args":[]}', "cannot parse metadata: mail_esmtp_args is no object"),
            (b'{"flags":[%b1]}' % (b"1," * 5000), "cannot parse metadata: flags has more than"),
            (b"[" * 100_000, "cannot parse metadata: "),
        ):
            given = Part("metadata", b"application/json", data)
            error = self.assertRaises(Refused, read_metadata, given)
            self.assertEqual(400, error.status)
            self.assertTrue(error.text.startswith(text), error.text)
