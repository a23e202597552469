"""Requests of the client, header by header."""

import email
import email.policy
import json
import os
from pathlib import Path
from typing import Any

import msgspec
from backports import zstd
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.client.rspamc.commands import COMMANDS, FUZZY_DELHASH, LEARN_CLASS, SYMBOLS, Command
from mailfilter.client.rspamc.exchange import Item, Misused
from mailfilter.client.rspamc.options import Options
from mailfilter.client.rspamc.request import make_request
from mailfilter.codec.http_client import HttpRequest, render_head

ITEM = Item("a.eml", b"Subject: x\n\nbody\n")
ALWAYS = {("User-Agent", "rspamc"), ("Filename", "a.eml"), ("Flags", "body_block")}
PLAIN = ("Content-Type", "text/plain")

# Options, and the headers they send beside those that are always sent.
HEADERS: dict[str, tuple[Options, set[tuple[str, str]]]] = {
    "nothing": (Options(), set()),
    "ip": (Options(ip="192.0.2.1"), {("Ip", "192.0.2.1")}),
    "user": (Options(user="a", deliver="b"), {("User", "a"), ("Deliver-To", "b")}),
    "sender": (Options(sender="a@b.test"), {("From", "a@b.test")}),
    "null sender": (Options(sender=""), {("From", "")}),
    "recipients": (Options(recipients=("a", "b")), {("Rcpt", "a"), ("Rcpt", "b")}),
    "names": (Options(helo="h", hostname="n"), {("Helo", "h"), ("Hostname", "n")}),
    "tags": (Options(queue_id="q", log_tag="t"), {("Queue-Id", "q"), ("Log-Tag", "t")}),
    "settings": (Options(settings="{}"), {("Settings", "{}")}),
    "own": (Options(headers=(("A", "b"), ("A", ""))), {("A", "b"), ("A", "")}),
    "raw": (Options(is_raw_input=True), {("Raw", "yes")}),
    "URLs": (Options(extended_urls=True), {("URL-Format", "extended")}),
    "password": (Options(password="p"), {("Password", "p")}),
    "no password": (Options(password=""), {("Password", "")}),
    "msgpack": (Options(is_msgpack=True), {("Accept", "application/msgpack")}),
    "learning": (
        Options(classifier="c", weight=0, flag=-1, fuzzy_symbol="S"),
        {("Classifier", "c"), ("Weight", "0"), ("Flag", "-1"), ("Symbol", "S")},
    ),
    "skipping": (
        Options(skip_images=True, skip_attachments=True),
        {("Skip-Images", "true"), ("Skip-Attachments", "true")},
    ),
}


def headers_of(request: HttpRequest) -> list[tuple[str, str]]:
    """As they are sent: nothing in them is refused."""
    render_head(request, "host")
    return list(request.headers)


class RequestTests(SynchronousTestCase):
    """Plain requests."""

    def test_headers(self) -> None:
        """Options become headers."""
        for name, (options, expected) in HEADERS.items():
            found = headers_of(make_request(SYMBOLS, options, ITEM))
            self.assertEqual(set(found), ALWAYS | {PLAIN} | expected, name)
            self.assertEqual(len(found), len(set(found)), name)

    def test_user_agent(self) -> None:
        """Another name for us, or none."""
        for agent in ("me", ""):
            found = dict(headers_of(make_request(SYMBOLS, Options(user_agent=agent), ITEM)))
            self.assertEqual(found["User-Agent"], agent)

    def test_flags(self) -> None:
        """They are one header, in the order of rspamc."""
        options = Options(pass_all=True, is_profiled=True)
        found = dict(headers_of(make_request(SYMBOLS, options, ITEM)))
        self.assertEqual(found["Flags"], "pass_all,profile,body_block")

    def test_commands(self) -> None:
        """Each has its path; what has no message is asked with GET."""
        for command in COMMANDS:
            request = make_request(command, Options(), ITEM)
            self.assertEqual((request.method, request.target), ("POST", command.path))
            self.assertEqual(request.body, ITEM.octets)
            request = make_request(command, Options(is_compressed=True), Item("stdin"))
            self.assertEqual((request.method, request.body), ("GET", b""))
            self.assertEqual({name for name, _ in request.headers} & {"Content-Type"}, set())

    def test_arguments(self) -> None:
        """Of those commands that have some."""
        for command, given in ((LEARN_CLASS, ("junk",)), (FUZZY_DELHASH, ("ab", "cd"))):
            found = headers_of(make_request(command, Options(), ITEM, given))
            values = [value for name, value in found if name == command.argument]
            self.assertEqual(values, list(given))

    def test_order(self) -> None:
        """Recipients keep theirs."""
        found = make_request(SYMBOLS, Options(recipients=("c", "a", "b")), ITEM).headers
        self.assertEqual([value for name, value in found if name == "Rcpt"], ["c", "a", "b"])


class PackedTests(SynchronousTestCase):
    """Requests packed by zstd."""

    def ask(self, octets: bytes) -> tuple[HttpRequest, dict[str, str]]:
        """With a dictionary in a file."""
        path = Path(self.mktemp()).absolute()
        path.write_bytes(octets)
        request = make_request(SYMBOLS, Options(is_compressed=True, dictionary=str(path)), ITEM)
        return request, dict(headers_of(request))

    def test_packed(self) -> None:
        """The headers say so."""
        request = make_request(SYMBOLS, Options(is_compressed=True), ITEM)
        found = dict(headers_of(request))
        self.assertEqual(zstd.decompress(request.body), ITEM.octets)
        self.assertEqual(found["Compression"], "zstd")
        self.assertEqual(found["Content-Type"], "application/x-compressed")
        self.assertNotIn("Dictionary", found)

    def test_dictionary(self) -> None:
        """The server is told its number."""
        known = zstd.train_dict([b"Subject: %d body of %d\n" % (n, n * 7) for n in range(999)], 999)
        request, found = self.ask(known.dict_content)
        self.assertEqual(zstd.decompress(request.body, zstd_dict=known), ITEM.octets)
        self.assertEqual(found["Dictionary"], str(known.dict_id))

    def test_no_dictionary(self) -> None:
        """A file that is none, or is not there."""
        for octets in (b"", b"x", b"no dictionary" * 9, b"\x37\xa4\x30\xec" + bytes(50)):
            self.assertRaises(Misused, self.ask, octets)
        options = Options(is_compressed=True, dictionary="/nonexistent")
        self.assertRaises(Misused, make_request, SYMBOLS, options, ITEM)


class V3Tests(SynchronousTestCase):
    """Requests of protocol v3."""

    def parts(self, request: HttpRequest) -> dict[str, Any]:
        """The parts of the form, as another parser reads them."""
        head = f"Content-Type: {dict(request.headers)['Content-Type']}\r\n\r\n".encode()
        form = email.message_from_bytes(head + request.body, policy=email.policy.HTTP)
        self.assertFalse(form.defects)
        return {
            str(part.get_param("name", header="Content-Disposition")): part
            for part in form.iter_parts()
        }

    def metadata(self, **options: Any) -> Any:
        """What is said of the message."""
        request = make_request(SYMBOLS, Options(is_v3=True, **options), ITEM)
        headers_of(request)
        return json.loads(self.parts(request)["metadata"].get_payload(decode=True))

    def test_metadata(self) -> None:
        """Everything that version 2 has headers for."""
        self.assertEqual(self.metadata(), {"flags": ["body_block"]})
        found = self.metadata(
            ip="192.0.2.1",
            user="u",
            deliver="d",
            helo="h",
            hostname="n",
            queue_id="q",
            log_tag="t",
            sender="",
            recipients=("a", "b"),
            settings='{"a": 1}',
            metadata_headers=(("A", "b"), ("A", "c")),
            is_raw_input=True,
            extended_urls=True,
            is_profiled=True,
            pass_all=True,
        )
        expected = {
            "ip": "192.0.2.1",
            "user": "u",
            "deliver_to": "d",
            "helo": "h",
            "hostname": "n",
            "queue_id": "q",
            "log_tag": "t",
            "from": "",
            "rcpt": ["a", "b"],
            "raw": True,
            "settings": {"a": 1},
            "headers": {"A": ["b", "c"]},
            "flags": ["ext_urls", "pass_all", "profile", "body_block"],
        }
        self.assertEqual(found, expected)

    def test_octets(self) -> None:
        """JSON is UTF-8, whatever the command line is."""
        self.assertEqual(self.metadata(user=os.fsdecode(b"a\xff"))["user"], "a\ufffd")

    def test_head(self) -> None:
        """What is HTTP's stays there."""
        options = Options(is_v3=True, password="p", headers=(("A", "b"),))
        request = make_request(SYMBOLS, options, ITEM)
        found = dict(headers_of(request))
        self.assertEqual((request.method, request.target), ("POST", "/checkv3"))
        self.assertEqual((found["Password"], found["A"]), ("p", "b"))
        self.assertEqual(found["Accept"], "multipart/form-data")
        self.assertNotIn("Flags", found)

    def test_message(self) -> None:
        """Plain and packed."""
        for octets in (ITEM.octets, b"", b"\r\n--\r\n\0\xff"):
            request = make_request(SYMBOLS, Options(is_v3=True), Item("x", octets))
            self.assertIn(b"octet-stream\r\n\r\n%b\r\n--" % octets, request.body)
            options = Options(is_v3=True, is_compressed=True)
            request = make_request(SYMBOLS, options, Item("x", octets))
            part = self.parts(request)["message"]
            self.assertEqual(zstd.decompress(part.get_payload(decode=True)), octets)
            self.assertEqual(part["Content-Encoding"], "zstd")
            self.assertEqual(dict(request.headers)["Accept-Encoding"], "zstd")

    def test_msgpack(self) -> None:
        """Metadata in the other form."""
        options = Options(is_v3=True, is_msgpack=True, user="u")
        part = self.parts(make_request(SYMBOLS, options, ITEM))["metadata"]
        self.assertEqual(part.get_content_type(), "application/msgpack")
        found = msgspec.msgpack.decode(part.get_payload(decode=True))
        self.assertEqual(found, {"user": "u", "flags": ["body_block"]})

    def test_settings(self) -> None:
        """They are an object."""
        for settings in ("[]", "a = 1;", "{", "\udcff", "[" * 9999):
            with self.assertRaises(Misused):
                self.metadata(settings=settings)

    def test_others(self) -> None:
        """Commands but scans have no version 3."""
        learn = next(command for command in COMMANDS if command.name == "learn_spam")
        self.check_plain(learn)

    def check_plain(self, command: Command) -> None:
        """It is asked as ever."""
        request = make_request(command, Options(is_v3=True), ITEM)
        self.assertEqual((request.target, request.body), (command.path, ITEM.octets))
