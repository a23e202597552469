"""The forms of replies: which request gets which, and their octets."""

import json
from collections.abc import Mapping
from dataclasses import replace
from email.parser import BytesHeaderParser
from typing import Any
from unittest.mock import patch

from backports.zstd import decompress, get_frame_info
from msgspec.msgpack import decode
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.http_body import Refused
from mailfilter.config.model import HeaderStyle, Listener
from mailfilter.report.reply_layout import Layout
from mailfilter.scan.verdict import Action, AddHeader, RemoveHeader, ReplaceBody, Verdict
from mailfilter.servers import reply_form as module
from mailfilter.servers.reply_form import (
    JSON,
    MSGPACK,
    NOT_ACCEPTABLE,
    V3_TYPES,
    Rendered,
    ReplyForm,
    render_scan,
    reply_form,
)
from mailfilter.testing.fake_scanner import NO_ACTION

RAW = b"From: a@example.org\r\nSubject: hi\r\n\r\nbody\r\n"
NEW = replace(NO_ACTION, edits=(ReplaceBody(b"new\r\nbody\r\n"),))
VARY = ("Vary", "Accept, Accept-Encoding")
ZSTD = (("Compression", "zstd"), ("Content-Encoding", "zstd"))
NO_FLAG = "replace body: the client has not set the flag body_block"


def listener(style: HeaderStyle = "auto", *, classic: bool = False) -> Listener:
    """A listener for scans."""
    return Listener(protocol="http", endpoint="tcp:0", header_style=style, classic_actions=classic)


def form(
    path: bytes = b"/checkv2",
    headers: Mapping[bytes, bytes] | None = None,
    *flags: str,
    **more: Any,
) -> ReplyForm:
    """The form of the reply to a request."""
    return reply_form(path, headers or {}, frozenset(flags), listener(), **more)


def v3(accept: bytes | None = None, *flags: str, **more: Any) -> ReplyForm:
    """The form of the reply to a request of version 3."""
    return form(b"/checkv3", {} if accept is None else {b"accept": accept}, *flags, **more)


def rendered(form: ReplyForm, verdict: Verdict = NO_ACTION, raw: bytes = RAW) -> Rendered:
    """A verdict on a message."""
    return render_scan(verdict, form, raw)


def read_parts(reply: Rendered) -> list[tuple[Mapping[str, str], bytes]]:
    """The parts of a reply by its exact framing, as headers and octets."""
    _, _, boundary = reply.content_type.partition('; boundary="')
    mark = b"--" + boundary.rstrip('"').encode()
    first, *pieces, last = reply.body.split(mark)
    assert (first, last) == (b"", b"--\r\n"), reply.body
    parts: list[tuple[Mapping[str, str], bytes]] = []
    for piece in pieces:
        assert piece.startswith(b"\r\n") and piece.endswith(b"\r\n"), piece
        head, _, data = piece[2:-2].partition(b"\r\n\r\n")
        parts.append((dict(BytesHeaderParser().parsebytes(head + b"\r\n\r\n")), data))
    return parts


class FormTests(SynchronousTestCase):
    """`reply_form`."""

    def test_plain(self) -> None:
        """Nothing is asked for: this is what Haraka, James and maddy get."""
        for headers in (
            {},
            {b"accept": b"*/*", b"accept-encoding": b"gzip", b"user-agent": b"maddy"},
            {b"accept": b"*/*", b"user-agent": b"ReactorNetty/1.2", b"pass": b"all"},
        ):
            for path in (b"/checkv2", b"/checkV2", b"checkv2", b"/skip"):
                self.assertEqual(form(path, headers), ReplyForm(Layout()), (path, headers))

    def test_legacy(self) -> None:
        for command in (b"check", b"symbols", b"scan", b"process", b"report", b"report_ifspam"):
            for path in (b"/" + command, b"/" + command.upper()):
                self.assertTrue(form(path).layout.is_legacy)

    def test_flags_and_actions(self) -> None:
        found = reply_form(b"/checkv2", {}, frozenset({"groups"}), listener(classic=True))
        self.assertEqual(found, ReplyForm(Layout(frozenset({"groups"}), classic_actions=True)))

    def test_style(self) -> None:
        filter_rspamd = {b"user-agent": b"Go-http-client/1.1", b"pass": b"All"}
        for headers, expected in (
            (filter_rspamd, "strings"),
            ({**filter_rspamd, b"pass": b"all"}, "rspamd"),
            ({**filter_rspamd, b"user-agent": b"maddy"}, "rspamd"),
            ({b"user-agent": b"Go-http-client/1.1"}, "rspamd"),
            ({b"user-agent": b"attohttpc/0.28.0"}, "single"),
            ({b"user-agent": b"reqwest/0.12"}, "single"),
            ({b"accept": b"*/*"}, "single"),
            ({b"accept": b"*/*", b"user-agent": b"curl/8"}, "rspamd"),
            ({b"user-agent": b"rspamc"}, "rspamd"),
            ({}, "rspamd"),
        ):
            for style in ("auto", "rspamd", "strings"):
                found = reply_form(b"/checkv2", headers, frozenset(), listener(style))
                self.assertEqual(found.layout.style, expected if style == "auto" else style)

    def test_msgpack(self) -> None:
        for accept, expected in (
            (b"application/msgpack", True),
            (b"Application/MsgPack", True),
            (b"application/json, application/msgpack", True),
            (b"application/json, application/msgpack;q=0.9", False),
            (b"application/msgpack;q=0", False),
            (b"application/*", False),
            (b"*/*", False),
            (b"application/x-msgpack", False),
        ):
            self.assertIs(form(headers={b"accept": accept}).is_msgpack, expected, accept)

    def test_zstd(self) -> None:
        for headers, flags, was_zstd, expected in (
            ({}, (), False, False),
            ({}, (), True, True),
            ({}, ("zstd",), False, True),
            ({b"accept-encoding": b"gzip, zstd"}, (), False, True),
            ({b"accept-encoding": b"zstd;q=0"}, (), False, False),
            ({b"accept-encoding": b"*"}, (), False, False),
        ):
            for path in (b"/checkv2", b"/check", b"/checkv3"):
                found = form(path, headers, *flags, was_zstd=was_zstd)
                self.assertIs(found.is_zstd, expected, (headers, flags, was_zstd))

    def test_v3(self) -> None:
        for accept, parts, is_msgpack in (
            (None, "form-data", False),
            (b"", "form-data", False),
            (b"*/*", "form-data", False),
            (b"multipart/form-data", "form-data", False),
            (b"message/rfc822", "mixed", False),
            (b"application/json", "", False),
            (b"application/msgpack", "", True),
        ):
            found = v3(accept)
            self.assertEqual((found.parts, found.is_msgpack), (parts, is_msgpack), accept)

    def test_metadata_in_msgpack(self) -> None:
        """It is answered in kind, but for a client that says which it wants."""
        for accept, is_msgpack in ((None, True), (b"message/rfc822", True), (b"*/*", True)):
            self.assertIs(v3(accept, metadata_was_msgpack=True).is_msgpack, is_msgpack)
        self.assertIs(v3(b"application/json", metadata_was_msgpack=True).is_msgpack, False)

    def test_not_acceptable(self) -> None:
        error = self.assertRaises(Refused, v3, b"text/html")
        self.assertEqual(error.status, NOT_ACCEPTABLE)
        self.assertTrue(error.text.startswith("Not Acceptable"))
        for kind in V3_TYPES:
            self.assertIn(kind, error.text)
        form(b"/checkv2", {b"accept": b"text/html"})


class OneTests(SynchronousTestCase):
    """Replies that are no multipart."""

    def test_json(self) -> None:
        reply = rendered(ReplyForm())
        self.assertEqual((reply.content_type, reply.headers, reply.dropped), (JSON, (), ()))
        self.assertTrue(reply.body.startswith(b'{"is_skipped":false,"score":'))
        self.assertTrue(reply.body.endswith(b"}"))
        self.assertEqual(json.loads(reply.body)["action"], "no action")

    def test_msgpack(self) -> None:
        reply = rendered(ReplyForm(is_msgpack=True))
        found = decode(reply.body)
        self.assertEqual(reply.content_type, MSGPACK)
        self.assertEqual(list(found.items()), list(json.loads(rendered(ReplyForm()).body).items()))
        self.assertIsInstance(found["score"], float)

    def test_zstd(self) -> None:
        """One frame that tells its size; the compressor serves one reply after another."""
        plain = rendered(ReplyForm()).body
        for _ in range(3):
            reply = rendered(ReplyForm(is_zstd=True))
            self.assertEqual(reply.headers, ZSTD)
            self.assertEqual(reply.content_type, JSON)
            self.assertEqual(decompress(reply.body), plain)
            self.assertEqual(get_frame_info(reply.body).decompressed_size, len(plain))

    def test_v3(self) -> None:
        for accept in (b"application/json", b"application/msgpack"):
            self.assertEqual(rendered(v3(accept)).headers, (VARY,))
            self.assertEqual(rendered(v3(accept, "zstd")).headers, (VARY, *ZSTD))
        self.assertEqual(rendered(v3(b"application/json")).body, rendered(ReplyForm()).body)

    def test_folds(self) -> None:
        value = "a;\r\n\tb"
        verdict = replace(
            NO_ACTION, edits=(AddHeader("X", value), AddHeader("DKIM-Signature", value))
        )
        for raw, flags, expected in (
            (RAW, (), "a;\r\n\tb"),
            (RAW, ("milter",), "a;\n\tb"),
            (RAW.replace(b"\r", b""), (), "a;\n\tb"),
        ):
            found = json.loads(rendered(form(b"/checkv2", {}, *flags), verdict, raw).body)
            self.assertEqual(found["dkim-signature"], expected)
            self.assertEqual(found["milter"]["add_headers"]["X"]["value"], expected)

    def test_subject_as_field(self) -> None:
        """filter-rspamd replaces one line of a subject, or nothing; so it is told both."""
        verdict = replace(NO_ACTION, action=Action.REWRITE_SUBJECT, subject="n\u00e4")
        told = {
            "add_headers": {"Subject": "=?utf-8?b?bsOk?="},
            "remove_headers": {"Subject": 1, "subject": 1},
        }
        for layout, expected in ((Layout(), {}), (Layout(style="strings"), told)):
            raw = RAW.replace(b"Subject", b"subject")
            reply = json.loads(rendered(ReplyForm(layout), verdict, raw).body)
            self.assertEqual(reply["subject"], "=?utf-8?b?bsOk?=")
            self.assertEqual(reply.get("milter", {}), expected)

    def test_left_out(self) -> None:
        verdict = replace(NO_ACTION, edits=(RemoveHeader("A", 200), ReplaceBody(b"")))
        reply = rendered(ReplyForm(), verdict)
        self.assertEqual(
            reply.dropped, ("remove header A: only the first and last 127 can be told", NO_FLAG)
        )


class BodyBlockTests(SynchronousTestCase):
    """A message that a check has given another body."""

    def split(self, reply: Rendered) -> tuple[dict[str, Any], bytes]:
        """Read a reply as the clients do."""
        headers = dict(reply.headers)
        body = decompress(reply.body) if "Compression" in headers else reply.body
        offset = int(headers["Message-Offset"])
        return json.loads(body[:offset]), body[offset:]

    def test_not_asked(self) -> None:
        """Such a client could not read it."""
        for flags in ((), ("milter",)):
            reply = rendered(form(b"/checkv2", {}, *flags), NEW)
            json.loads(reply.body)
            self.assertEqual((reply.headers, reply.dropped), ((), (NO_FLAG,)))

    def test_asked(self) -> None:
        for raw, flags, expected in (
            (RAW, (), b"From: a@example.org\r\nSubject: hi\r\n\r\nnew\r\nbody\r\n"),
            (RAW.replace(b"\r", b""), (), b"From: a@example.org\nSubject: hi\n\nnew\nbody\n"),
            (b"A: b", (), b"A: b\n\nnew\nbody\n"),
            (RAW, ("milter",), b"new\r\nbody\r\n"),
            (RAW.replace(b"\r", b""), ("milter",), b"new\r\nbody\r\n"),
        ):
            for more in ((), ("zstd",)):
                asked = form(b"/checkv2", {}, "body_block", *flags, *more)
                reply = rendered(asked, NEW, raw)
                found, message = self.split(reply)
                self.assertEqual(found["action"], "no action")
                self.assertEqual(message, expected)
                self.assertEqual((reply.content_type, reply.dropped), (JSON, ()))

    def test_empty(self) -> None:
        verdict = replace(NO_ACTION, edits=(ReplaceBody(b""),))
        _, message = self.split(rendered(form(b"/checkv2", {}, "body_block"), verdict))
        self.assertEqual(message, b"From: a@example.org\r\nSubject: hi\r\n\r\n")

    def test_not_changed(self) -> None:
        reply = rendered(form(b"/checkv2", {}, "body_block"))
        self.assertEqual(reply, rendered(ReplyForm()))

    def test_msgpack(self) -> None:
        headers = {b"accept": b"application/msgpack"}
        reply = rendered(form(b"/checkv2", headers, "body_block", "milter"), NEW)
        offset = int(dict(reply.headers)["Message-Offset"])
        self.assertEqual(reply.content_type, MSGPACK)
        self.assertEqual(decode(reply.body[:offset])["action"], "no action")
        self.assertEqual(reply.body[offset:], b"new\r\nbody\r\n")


class PartsTests(SynchronousTestCase):
    """Replies of version 3."""

    def test_framing(self) -> None:
        with patch.object(module, "token_hex", lambda _: "0f"):
            reply = rendered(v3(), NEW)
        result = rendered(ReplyForm(), NO_ACTION).body
        self.assertEqual(reply.content_type, 'multipart/form-data; boundary="mailfilter-0f"')
        self.assertEqual(
            reply.body,
            b'--mailfilter-0f\r\nContent-Disposition: form-data; name="result"\r\n'
            b"Content-Type: application/json\r\n\r\n" + result + b"\r\n"
            b'--mailfilter-0f\r\nContent-Disposition: form-data; name="body"\r\n'
            b"Content-Type: application/octet-stream\r\n\r\n"
            b"From: a@example.org\r\nSubject: hi\r\n\r\nnew\r\nbody\r\n\r\n"
            b"--mailfilter-0f--\r\n",
        )
        self.assertEqual((reply.headers, reply.dropped), ((VARY,), ()))

    def test_one_part(self) -> None:
        ((headers, data),) = read_parts(rendered(v3()))
        self.assertEqual(data, rendered(ReplyForm()).body)
        self.assertEqual(
            headers,
            {"Content-Disposition": 'form-data; name="result"', "Content-Type": JSON},
        )

    def test_mixed(self) -> None:
        reply = rendered(v3(b"message/rfc822"), NEW)
        self.assertTrue(reply.content_type.startswith('multipart/mixed; boundary="mailfilter-'))
        self.assertEqual(len(read_parts(reply)), 2)

    def test_milter(self) -> None:
        _, (_, data) = read_parts(rendered(v3(None, "milter"), NEW))
        self.assertEqual(data, b"new\r\nbody\r\n")

    def test_msgpack(self) -> None:
        ((headers, data),) = read_parts(rendered(v3(metadata_was_msgpack=True)))
        self.assertEqual(headers["Content-Type"], MSGPACK)
        self.assertEqual(decode(data)["action"], "no action")

    def test_zstd(self) -> None:
        """Each part for itself, and the whole not."""
        headers = {b"accept-encoding": b"zstd"}
        reply = rendered(form(b"/checkv3", headers), NEW)
        self.assertEqual(reply.headers, (VARY,))
        plain = [data for _, data in read_parts(rendered(v3(), NEW))]
        parts = read_parts(reply)
        self.assertEqual([decompress(data) for _, data in parts], plain)
        self.assertEqual([part["Content-Encoding"] for part, _ in parts], ["zstd", "zstd"])

    def test_boundary(self) -> None:
        """It is another one each time, and none that the message holds."""
        kinds = {rendered(v3()).content_type for _ in range(20)}
        self.assertEqual(len(kinds), 20)
        body = b"x--mailfilter-aa--\r\n"
        verdict = replace(NO_ACTION, edits=(ReplaceBody(body),))
        tokens = iter(("aa", "bb"))
        with patch.object(module, "token_hex", lambda _: next(tokens)):
            reply = rendered(v3(None, "milter"), verdict)
        self.assertTrue(reply.content_type.endswith('boundary="mailfilter-bb"'))
        self.assertEqual(read_parts(reply)[1][1], body)
