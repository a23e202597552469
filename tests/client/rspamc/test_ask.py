"""Answers read by the client: documents, forms, packed ones, and what is none."""

import json
from pathlib import Path
from typing import Any

import msgspec
from backports import zstd
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.client.rspamc import ask as ask_module
from mailfilter.client.rspamc import reply_v3
from mailfilter.client.rspamc.address import Server
from mailfilter.client.rspamc.ask import ask
from mailfilter.client.rspamc.commands import COMMANDS, LEARN_CLASS, SYMBOLS
from mailfilter.client.rspamc.exchange import Item, Misused, Reply, Unanswered
from mailfilter.client.rspamc.limits import (
    FRAMING,
    MAX_DELIVERED,
    MAX_DOCUMENT,
    ROOM,
    Limits,
    limits_for,
)
from mailfilter.client.rspamc.options import Options
from mailfilter.client.rspamc.reply import read_reply
from mailfilter.codec.http_client import MAX_ANSWER, Answer, HttpRequest

LIMITS = Limits()
ITEM = Item("a.eml", b"Subject: x\n\nbody\n")
VERDICT = {"action": "no action", "score": 1.0, "symbols": {"A": {"score": 1.0}}}
JSON = json.dumps(VERDICT).encode()
FORM = ("Content-Type", 'multipart/form-data; boundary="b"')


def read(
    body: bytes,
    *headers: tuple[str, str],
    status: int = 200,
    reason: str = "OK",
    limits: Limits = LIMITS,
) -> Reply:
    """Read an answer."""
    return read_reply(Answer(status, reason, headers, body), ITEM, 1.5, limits)


def form(*parts: tuple[str, str, bytes]) -> bytes:
    """A form of names, further headers and octets."""
    each = (
        b'--b\r\nContent-Disposition: form-data; name="%b"\r\n%b\r\n%b\r\n'
        % (name.encode(), headers.encode(), data)
        for name, headers, data in parts
    )
    return b"".join((*each, b"--b--\r\n"))


class ReplyCase(SynchronousTestCase):
    """Reads answers."""

    def refuse(self, body: bytes, *headers: tuple[str, str], **more: Any) -> str:
        """It is no reply; what is said, on one line of ASCII."""
        with self.assertRaises(Unanswered) as caught:
            read(body, *headers, **more)
        text = str(caught.exception)
        self.assertRegex(text, r"\A[ -~]+\Z")
        return text


class ReplyTests(ReplyCase):
    """Documents, alone or with a message."""

    def test_json(self) -> None:
        """What an answer has becomes a reply."""
        header = ("Content-Type", "application/json")
        reply = read(JSON, header)
        self.assertEqual((reply.document, reply.raw, reply.body), (VERDICT, JSON, None))
        self.assertEqual((reply.item, reply.seconds, reply.headers), (ITEM, 1.5, (header,)))

    def test_other_json(self) -> None:
        """Not only objects, nor only UTF-8."""
        self.assertEqual(read(b"[1, 2]").document, [1, 2])
        self.assertEqual(read(b' {"a":"\xff"}\r\n').fields, {"a": "\ufffd"})
        self.assertEqual(read(JSON, ("Content-Type", "text/plain")).document, VERDICT)

    def test_msgpack(self) -> None:
        """It holds what JSON can hold."""
        header = ("Content-Type", "application/msgpack")
        self.assertEqual(read(msgspec.msgpack.encode(VERDICT), header).document, VERDICT)
        odd = msgspec.msgpack.encode({"a": float("nan"), 1: b"x", "c": [None, True]})
        self.assertEqual(read(odd, header).document, {"a": None, "1": "eA==", "c": [None, True]})
        for octets in (b"\xc1", b"\x81\xa1", b"\x91" * 99999, b"\xd4\x05x", JSON, b"\x81\x90\x90"):
            self.refuse(octets, header)

    def test_body(self) -> None:
        """The message behind the document."""
        for body in (b"", b"A: b\r\n\r\nx"):
            reply = read(JSON + body, ("Message-Offset", str(len(JSON))))
            self.assertEqual((reply.document, reply.raw, reply.body), (VERDICT, JSON, body))

    def test_broken_offset(self) -> None:
        """One that cannot be meant."""
        for offset in ("0", "-1", "x", "1.5", "9" * 5000, str(len(JSON) + 1), "\u0661"):
            self.assertIn("Message-Offset", self.refuse(JSON, ("Message-Offset", offset)))
        self.refuse(JSON + b"x", ("Message-Offset", "5"))
        self.refuse(JSON + b"x")

    def test_packed(self) -> None:
        """The offset is one of what is unpacked."""
        packed = zstd.compress(JSON + b"message")
        offset = ("Message-Offset", str(len(JSON)))
        for name in ("Compression", "content-encoding"):
            reply = read(packed, (name, "ZSTD"), offset)
            self.assertEqual((reply.raw, reply.body), (JSON, b"message"))

    def test_broken_pack(self) -> None:
        """Half a frame, none, one too many, and another way to pack."""
        whole = zstd.compress(JSON)
        for packed in (JSON, whole[:-1], whole + b"x", whole + whole):
            self.assertIn("unpacked", self.refuse(packed, ("Compression", "zstd")))
        self.assertIn("'gzip'", self.refuse(whole, ("Content-Encoding", "gzip")))
        self.refuse(whole, ("Content-Encoding", "\x1b[1m" * 99))

    def test_bomb(self) -> None:
        """Nothing is unpacked without a bound, which is that of both if there are two."""
        packed = zstd.compress(bytes(10**7))
        offset = ("Message-Offset", "5")
        for headers, limit in (((), 1000), ((offset,), 1500 + FRAMING)):
            text = self.refuse(packed, ("Compression", "zstd"), *headers, limits=Limits(1000, 500))
            self.assertIn(f"more than {limit} octets", text)

    def test_limits(self) -> None:
        """Each of the two has one of its own."""
        offset = ("Message-Offset", str(len(JSON)))
        limits = Limits(len(JSON), 10)
        self.assertEqual(read(JSON + bytes(10), offset, limits=limits).body, bytes(10))
        for body, headers, said in (
            (JSON + b" ", (), f"document of its answer is over {len(JSON)} octets"),
            (JSON + bytes(11), (offset,), "message in its answer is over 10 octets"),
            (b" " + JSON, (("Message-Offset", str(len(JSON) + 1)),), "document of its answer is"),
        ):
            self.assertIn(said, self.refuse(body, *headers, limits=limits))

    def test_plausible(self) -> None:
        """A delivery wants little; a large message may become a larger one, but not any."""
        for options, document in (
            (Options(), MAX_DOCUMENT),
            (Options(is_mime=True), MAX_DELIVERED),
        ):
            for size in (0, 1000, 10**7):
                limits = limits_for(options, Item("a", bytes(size)))
                self.assertEqual((limits.document, limits.message), (document, 4 * size + ROOM))
        huge = limits_for(Options(), Item("a", bytes(MAX_ANSWER // 4)))
        self.assertEqual(huge.message, MAX_ANSWER)

    def test_dictionary(self) -> None:
        """An answer that needs ours."""
        known = zstd.train_dict([b'{"action":%d,"score":%d}' % (n, n * 7) for n in range(999)], 999)
        path = Path(self.mktemp())
        path.write_bytes(known.dict_content)
        packed = zstd.compress(JSON, zstd_dict=known)
        headers = [("Compression", "zstd"), ("Dictionary", str(known.dict_id))]
        answer = Answer(200, "OK", headers, packed)
        self.assertEqual(read_reply(answer, ITEM, 0, Limits(), str(path)).document, VERDICT)
        self.refuse(packed, *headers)

    def test_garbage(self) -> None:
        """What is no document; what it begins with is shown, and nothing more of it."""
        for body in (b"<html>", b"{", b"\0", b"\x1b[1m", JSON[:-1], JSON * 2, b"[" * 99999, b"nan"):
            self.assertIn("cannot be read", self.refuse(body))
        self.assertLess(len(self.refuse(b"\xff" * 10**6)), 500)

    def test_errors(self) -> None:
        """As rspamc words them."""
        for status, reason in ((404, "Not found"), (500, ""), (301, "Moved"), (200, "OK")):
            body = b"" if status == 200 else b'{"error":"x"}'
            text = self.refuse(body, status=status, reason=reason)
            self.assertEqual(text, f"HTTP error: {status}, {reason}")
        self.assertEqual(self.refuse(b"", status=500, reason="\x1b\udcff"), "HTTP error: 500, ??")

    def test_told(self) -> None:
        """Other statuses of success are answers."""
        said = {"error": "x has been already learned as spam, ignore it"}
        reply = read(json.dumps(said).encode(), status=208, reason="already")
        self.assertEqual((reply.document, reply.status), (said, 208))
        self.assertFalse(reply.is_refusal)

    def test_refusals(self) -> None:
        """Statuses of success that were none."""
        for body in (b'{"success":false}', b'{"error":"x"}', b'{"success":true,"error":null}'):
            self.assertTrue(read(body).is_refusal, body)
        for body in (b'{"success":true}', b"{}", b'["error"]', b'{"success":0}'):
            self.assertFalse(read(body).is_refusal, body)

    def test_not_learned(self) -> None:
        """Rspamd's reason is that of HTTP, for 204 has no body."""
        reply = read(b"", status=204, reason="fewer tokens: 3 < 11")
        self.assertEqual(reply.document, {"error": "fewer tokens: 3 < 11"})
        self.assertFalse(reply.is_refusal)
        self.assertEqual(json.loads(reply.raw), reply.document)
        for reason in ("No Content", ""):
            self.refuse(b"", status=204, reason=reason)


class FormTests(ReplyCase):
    """Answers of protocol v3."""

    def test_form(self) -> None:
        """With and without a message, packed part by part or not."""
        for kind, result in (("json", JSON), ("msgpack", msgspec.msgpack.encode(VERDICT))):
            about = f"Content-Type: application/{kind}\r\n"
            reply = read(form(("result", about, result)), FORM)
            self.assertEqual((reply.document, reply.raw, reply.body), (VERDICT, result, None))
            packed = about + "Content-Encoding: zstd\r\n"
            for body in (b"", b"A: b\r\n\r\nx\r\n"):
                parts = ("result", packed, zstd.compress(result)), ("body", "", body)
                reply = read(form(*parts), FORM)
                self.assertEqual((reply.document, reply.body), (VERDICT, body))

    def test_whole_packed(self) -> None:
        """The form as a whole, too."""
        packed = zstd.compress(form(("result", "", JSON)))
        self.assertEqual(read(packed, FORM, ("Compression", "zstd")).document, VERDICT)

    def test_broken_form(self) -> None:
        """Half a form, none, no result, no boundary, parts too many or packed otherwise."""
        whole = form(("result", "", JSON))
        for octets in (whole[:-4], whole[: len(whole) // 2], JSON, form(("other", "", JSON))):
            self.refuse(octets, FORM)
        self.refuse(whole, ("Content-Type", "multipart/form-data"))
        self.refuse(form(*[("result", "", JSON)] * (reply_v3.MAX_PARTS + 1)), FORM)
        self.refuse(form(("result", "Content-Encoding: gzip\r\n", JSON)), FORM)
        self.refuse(form(("result", "Content-Encoding: zstd\r\n", JSON)), FORM)

    def test_form_bomb(self) -> None:
        """Each part is bounded, packed or not."""
        limits = Limits(10**5, 10**4)
        for name, limit in (("result", 10**5), ("body", 10**4), ("other", 10**5)):
            for headers, data in (("", bytes), ("Content-Encoding: zstd\r\n", _packed)):
                text = self.refuse(form((name, headers, data(limit + 1))), FORM, limits=limits)
                self.assertIn(f"over {limit} octets", text)


def _packed(size: int) -> bytes:
    return zstd.compress(bytes(size))


class AskTests(SynchronousTestCase):
    """A question and its answer."""

    def setUp(self) -> None:
        """Nobody is really asked."""
        self.asked: list[tuple[Server, HttpRequest, Options]] = []
        self.patch(ask_module, "exchange", self.exchange)

    def exchange(
        self, server: Server, request: HttpRequest, options: Options, max_body: int
    ) -> Answer:
        """In place of a server."""
        self.assertEqual(max_body, limits_for(options, ITEM).whole)
        self.asked.append((server, request, options))
        return Answer(200, "OK", (), JSON)

    def test_ask(self) -> None:
        """All that is given goes there."""
        options = Options(connect="mx.test", user="u")
        reply = ask(LEARN_CLASS, options, ITEM, ("junk",))
        self.assertEqual((reply.item, reply.document), (ITEM, VERDICT))
        ((server, request, given),) = self.asked
        self.assertEqual((server, given), (Server("mx.test", 11334), options))
        self.assertLess({("Class", "junk"), ("User", "u")}, set(request.headers))

    def test_ports(self) -> None:
        """The controller has a port of its own, but on this machine."""
        for command in COMMANDS:
            for host, normal in (("mx.test", 11333), ("localhost", 11334), ("::1", 11334)):
                ask(command, Options(connect=host), ITEM, ("x",))
                expected = 11334 if command is not SYMBOLS else normal
                self.assertEqual(self.asked[-1][0].port, expected, command.name)

    def test_misused(self) -> None:
        """A server that is none."""
        with self.assertRaises(Misused):
            ask(SYMBOLS, Options(connect="a:b"), ITEM)
