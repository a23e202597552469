"""`mailfilterc explain` and `scan --trace`: what is asked, shown, and said where there is none."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from msgspec import to_builtins

from mailfilter.config.model import HistorySettings
from mailfilter.report.history_detail import USUAL_TRACE, detail_dict
from mailfilter.report.history_row import USUAL_ROW, row_dict
from mailfilter.report.privacy import Hasher, Masks
from mailfilter.report.reply_json import render_json

from ...report.history_case import ENVELOPE, NOW, VERDICT
from .wire_case import PATIENCE, WireCase, closed_port, length

TRACE_ID = VERDICT.trace_id
MASKS = Masks(HistorySettings(subject="plain", addresses="plain"), Hasher(b""))
ROW = row_dict(ENVELOPE, VERDICT, NOW, MASKS, USUAL_ROW)
DETAIL = to_builtins(detail_dict(ENVELOPE, VERDICT, NOW, MASKS, USUAL_TRACE))
TRACE = render_json({"row": {**ROW, "trace_id": TRACE_ID}, "detail": DETAIL})
SCAN = render_json({"trace_id": TRACE_ID, "result": {"score": 7}, "row": ROW, "detail": DETAIL})
MESSAGE = b"Subject: a subject\r\n\r\nhello\r\n"


class TraceCase(WireCase):
    """Runs mailfilterc against a server that says one thing."""

    def setUp(self) -> None:
        super().setUp()
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()

    def serve(self, body: bytes, status: bytes = b"200 OK", more: bytes = b"") -> str:
        """Where it is."""
        reply = length(body, status)
        return str(self.listen(self.answering(reply.replace(b"\r\n", b"\r\n" + more, 1))))

    def run_client(
        self, server: str, *words: str, message: bytes = MESSAGE
    ) -> subprocess.CompletedProcess[bytes]:
        """Run it in the locale that knows least."""
        return subprocess.run(
            [sys.executable, "-m", "mailfilter.client.rspamc.main", "-h", server, *words],
            input=message,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
            cwd=self.folder,
            env={
                **os.environ,
                "LC_ALL": "POSIX",
                "PYTHONCOERCECLOCALE": "0",
                "PYTHONUTF8": "0",
                "PYTHONPATH": os.pathsep.join(filter(None, map(os.path.abspath, sys.path))),
            },
        )

    def refused(self, server: str, *words: str) -> str:
        """Why it has failed; the server is named."""
        done = self.run_client(server, "-P", "secret", *words)
        self.assertEqual((done.returncode, done.stdout), (1, b""), done)
        said = done.stderr.decode()
        self.assertNotIn("secret", said)
        begin = f"mailfilterc: {server}: "
        self.assertTrue(said.startswith(begin), said)
        return said.removeprefix(begin).rstrip("\n")


class ExplainTests(TraceCase):
    """One that is remembered."""

    def test_request(self) -> None:
        """The id out of what was pasted, the password, headers of the command line."""
        line = f"scan qid=4BQ1 trace={TRACE_ID.upper()}"
        done = self.run_client(
            self.serve(TRACE), "-P", "secret", "--header", "X-A=b", "explain", *line.split()
        )
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        (request,) = self.requests
        first, *rest = request.split(b"\r\n")
        self.assertEqual(first, f"GET /api/trace?id={TRACE_ID} HTTP/1.1".encode())
        self.assertIn(b"Password: secret", rest)
        self.assertIn(b"X-A: b", rest)

    def test_text(self) -> None:
        """As `mailfilteradm explain` has it."""
        done = self.run_client(self.serve(TRACE), "explain", TRACE_ID)
        lines = done.stdout.decode().splitlines()
        self.assertTrue(lines[0].startswith(f"trace {TRACE_ID}: "), lines)
        self.assertIn("add header, score 7.00", lines)
        self.assertIn("  main  one     0.500 ms  ONE 5.00", lines)

    def test_json(self) -> None:
        """Many lines or one, or the octets that came."""
        for words, count in ((["--json"], None), (["--compact"], 1)):
            done = self.run_client(self.serve(TRACE), *words, "explain", TRACE_ID)
            found = json.loads(done.stdout)
            self.assertEqual(["trace_id", "row", "detail"], list(found))
            self.assertEqual("add header", found["row"]["action"])
            if count is not None:
                self.assertEqual(count, done.stdout.count(b"\n"))
        done = self.run_client(self.serve(TRACE), "--raw-reply", "explain", TRACE_ID)
        self.assertEqual(TRACE + b"\n", done.stdout)

    def test_hostile(self) -> None:
        """Nothing of mail, and nothing that a server says, is obeyed by a terminal."""
        evil = {**ROW, "subject": "\x1b]0;x\x07\u202e\u9b3c", "symbols": {"\x1b": 1}}
        body = render_json({"row": evil, "detail": {"checks": 1, "trace": [{}]}})
        done = self.run_client(self.serve(body), "explain", TRACE_ID)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        text = done.stdout.decode()
        self.assertTrue(text.replace("\n", "").isprintable(), text)
        self.assertIn("\u9b3c", text)
        said = self.refused(
            self.serve(b'{"error":"\\u001b[1m"}', b"500 \x1b[2m"), "explain", TRACE_ID
        )
        self.assertEqual("HTTP error: 500, ?[1m", said)

    def test_misused(self) -> None:
        """What is no id."""
        done = self.run_client("127.0.0.1:1", "explain", "xyz")
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assertIn(b"explain: expected a trace id such as", done.stderr)


class RefusalTests(TraceCase):
    """Why there is no trace."""

    def said(self, body: bytes, status: bytes, more: bytes = b"") -> str:
        return self.refused(self.serve(body, status, more), "explain", TRACE_ID)

    def test_password(self) -> None:
        """None, or a wrong one."""
        unauthorized = (b'{"error":"Unauthorized"}', b"401 Unauthorized")
        self.assertEqual("the password is wrong", self.said(*unauthorized))
        done = self.run_client(self.serve(*unauthorized), "explain", TRACE_ID)
        self.assertIn(b"it wants a password: give one with --password", done.stderr)
        self.assertEqual(1, done.returncode)

    def test_unknown(self) -> None:
        """With what may have become of it."""
        body = b'{"error":"no scan %b is remembered"}' % TRACE_ID.encode()
        first, *rest = self.said(body, b"404 Not found").splitlines()
        self.assertEqual(f"no scan {TRACE_ID} is remembered", first)
        self.assertEqual("perhaps", rest[0])

    def test_others(self) -> None:
        """Rspamd's two ports, ours for scans, other servers."""
        invalid = b'{"error":"invalid command"}'
        rspamd = b"Server: rspamd/3.4\r\n"
        for body, status, more, expected in (
            (invalid, b"500 invalid command", rspamd, "it is Rspamd, "),
            (b"Not found", b"404 Not found", rspamd, "it is Rspamd, "),
            (invalid, b"404 invalid command", b"", "it scans and does nothing else; "),
            (b"<html>", b"404 Not Found", b"", "it knows no traces; "),
            (b"", b"404 Not Found", b"", "it knows no traces; "),
            (b'{"error":[]}', b"502 Bad Gateway", b"", "HTTP error: 502, Bad Gateway"),
            (b"{}", b"200 OK", b"", "its answer is no trace; "),
            (b'{"row":[],"detail":{}}', b"200 OK", b"", "its answer is no trace; "),
        ):
            said = self.said(body, status, more)
            self.assertTrue(said.startswith(expected), said)

    def test_nobody(self) -> None:
        """No server at all."""
        said = self.refused(str(closed_port()), "explain", TRACE_ID)
        self.assertIn("Connection refused", said)


class ScanTests(TraceCase):
    """Messages scanned now."""

    def test_request(self) -> None:
        """The message and its envelope go to the controller."""
        done = self.run_client(
            *(self.serve(SCAN), "-P", "secret", "-F", "a@b.example", "-i", "192.0.2.1"),
            *("scan", "--trace"),
        )
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        (request,) = self.requests
        head, _, body = request.partition(b"\r\n\r\n")
        self.assertEqual(MESSAGE, body)
        lines = head.split(b"\r\n")
        self.assertEqual(b"POST /api/scan HTTP/1.1", lines[0])
        for line in (b"Password: secret", b"From: a@b.example", b"Ip: 192.0.2.1"):
            self.assertIn(line, lines)
        self.assertTrue(done.stdout.startswith(f"trace {TRACE_ID}: ".encode()), done.stdout)

    def test_files(self) -> None:
        """Each is named above its trace; what fails is told, and the others go on."""
        for name in ("a", "b"):
            (self.folder / name).write_bytes(MESSAGE)
        done = self.run_client(self.serve(SCAN), "--trace", "a", "b", "none")
        self.assertEqual(1, done.returncode)
        names = [line for line in done.stdout.decode().splitlines() if line in ("a", "b")]
        self.assertEqual(["a", "b"], sorted(names))
        self.assertEqual(2, done.stdout.count(b"add header, score 7.00"))
        self.assertIn(b"none: No such file or directory", done.stderr)

    def json_of(self, server: str, *words: str) -> list[Any]:
        done = self.run_client(server, "--trace", "--compact", *words)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def test_json(self) -> None:
        """All that the controller tells, and which message it is of; failures, too."""
        (found,) = self.json_of(self.serve(SCAN))
        self.assertEqual(["filename", "trace_id", "result", "row", "detail"], list(found))
        self.assertEqual(("stdin", 7), (found["filename"], found["result"]["score"]))
        server = self.serve(b'{"error":"Unauthorized"}', b"401 Unauthorized")
        (failure,) = self.json_of(server)
        self.assertEqual(
            {
                "filename": "stdin",
                "error": f"{server}: it wants a password: give one with --password",
            },
            failure,
        )

    def test_failure(self) -> None:
        """As text."""
        server = self.serve(b"Not found", b"404 Not found", b"Server: rspamd/3.4\r\n")
        done = self.run_client(server, "--trace")
        self.assertEqual(1, done.returncode)
        self.assertIn(b"stdin: ", done.stdout)
        self.assertIn(b"it is Rspamd", done.stdout)

    def test_misused(self) -> None:
        """Protocol v3 has no traces."""
        done = self.run_client("127.0.0.1:1", "--trace", "--protocol-v3")
        self.assertEqual(2, done.returncode)


class ImportTests(TraceCase):
    """What it costs to begin."""

    def test_no_twisted(self) -> None:
        """It is not loaded for any of this."""
        text = (
            "import sys\n"
            "from mailfilter.client.rspamc import explain, trace\n"
            "print('twisted' in sys.modules, 'OpenSSL' in sys.modules)\n"
        )
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))}
        done = subprocess.run(
            [sys.executable, "-c", text], capture_output=True, check=True, env=environment
        )
        self.assertEqual(b"False False\n", done.stdout)
