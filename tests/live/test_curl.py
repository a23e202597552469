"""curl, as scripts and health checks use it: what is particular to HTTP."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from backports import zstd
from msgspec import msgpack

from .harness import MESSAGES, SENDER, Filter, LiveCase, message_file, wish
from .scan_mta import AT_ONCE, FORMS, LARGE, UNIX, UNTOUCHED, away_filter, dressed_filter
from .test_clients import GTUBE_ACTIONS, run
from .told import told

HAM = MESSAGES / "ham.eml"
REFUSED = 7
"""curl's exit status where nobody listens."""


class CurlCase(LiveCase):
    """Base: how to run curl."""

    needs: ClassVar[Sequence[str]] = ("curl",)

    def url(self, path: str = "checkv2") -> str:
        """Where the filter listens."""
        return f"http://127.0.0.1:{self.filter.http}/{path}"

    def curl(self, *arguments: str, stdin: bytes = b"", path: str = "checkv2") -> bytes:
        """Standard output of a run that must succeed."""
        done = run("curl", "-sS", *arguments, self.url(path), stdin=stdin)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def scan(self, *arguments: str, stdin: bytes = b"", path: str = "checkv2") -> dict[str, Any]:
        """The verdict on standard input, or on a file among the arguments."""
        if not {"--data-binary", "-T"}.intersection(arguments):
            arguments = ("--data-binary", "@-", *arguments)
        verdict: dict[str, Any] = json.loads(self.curl(*arguments, stdin=stdin, path=path))
        return verdict

    def verdicts(self, output: bytes) -> list[dict[str, Any]]:
        """Those in the output of a run with several URLs, a line each."""
        lines = [line for line in output.splitlines() if line.startswith(b"{")]
        return [json.loads(line) for line in lines]


class CurlScanTests(CurlCase):
    """What is scanned, and what is answered."""

    def test_shown(self) -> None:
        """The filter sees every octet; three recipients, and a bounce from nobody."""
        boxes = ["tell-curl-shown@box.test", "b@box.test", "c@box.test"]
        fields = ["-H", "From: <>"]
        fields += [item for box in boxes for item in ("-H", f"Rcpt: {box}")]
        for name in UNTOUCHED:
            for text in (message_file(name), (MESSAGES / name).read_bytes()):
                for way in (("--data-binary", "@-"), ("-T", "-", "-X", "POST")):
                    self.scan(*way, *fields, stdin=text)
                    shown = told(self.filter, boxes[0])
                    self.assertEqual(shown.raw, text, name)
                    self.assertEqual(shown.recipients, boxes)
                    self.assertEqual(shown.envelope["sender"], "")

    def test_gtube(self) -> None:
        """Each pattern its action."""
        for name, action in GTUBE_ACTIONS.items():
            for form in FORMS:
                verdict = self.scan(stdin=message_file(f"{name}{form}.eml"))
                self.assertEqual(verdict["action"], action)
                self.assertEqual(verdict["required_score"], 15.0)
                self.assertIsInstance(verdict["symbols"], dict)

    def test_envelope(self) -> None:
        """Request headers are the envelope."""
        fields = {"Queue-Id": "curl-1", "From": SENDER, "IP": "192.0.2.9", "Helo": "h.example.net"}
        fields["User"] = "alice"
        arguments = [item for pair in fields.items() for item in ("-H", ": ".join(pair))]
        recipients = ("-H", "Rcpt: a@box.test", "-H", "Rcpt: b@box.test")
        self.scan(*arguments, *recipients, stdin=HAM.read_bytes())
        record = self.filter.wait_record(self.mark, queue_id="curl-1")
        self.assertEqual(record["recipients"], ["a@box.test", "b@box.test"])
        self.assertEqual((record["sender"], record["ip"]), (SENDER, "192.0.2.9"))
        self.assertEqual((record["helo"], record["user"]), ("h.example.net", "alice"))

    def test_http_1_0(self) -> None:
        """The old version; the connection is closed."""
        reply = self.curl("-i", "--http1.0", "--data-binary", f"@{HAM}")
        self.assertTrue(reply.startswith(b"HTTP/1.1 200 OK\r\nConnection: close\r\n"), reply)

    def test_unknown_path(self) -> None:
        """An error is a 4xx with JSON that cannot be taken for a verdict."""
        reply = self.curl("-w", "\n%{http_code}", path="nowhere")
        body, _, status = reply.rpartition(b"\n")
        self.assertEqual(status, b"404")
        self.assertEqual(list(json.loads(body)), ["error"])

    def test_msgpack(self) -> None:
        """The verdict as MessagePack."""
        accept = ("-H", "Accept: application/msgpack", "-w", "%{content_type}")
        reply = self.curl(*accept, "--data-binary", f"@{HAM}")
        kind = b"application/msgpack"
        self.assertTrue(reply.endswith(kind))
        self.assertEqual(msgpack.decode(reply.removesuffix(kind))["action"], "no action")

    def test_form(self) -> None:
        """Metadata and message as the parts of a form."""
        box = "tell-curl-form@box.test"
        metadata = json.dumps({"from": SENDER, "rcpt": [box], "ip": "192.0.2.9"})
        parts = ("-F", f"metadata={metadata};type=application/json", "-F", f"message=@{HAM}")
        reply = self.curl(*parts, "-H", "Accept: application/json", path="checkv3")
        self.assertEqual(json.loads(reply)["action"], "no action")
        shown = told(self.filter, box)
        self.assertEqual(shown.raw, HAM.read_bytes())
        self.assertEqual(shown.envelope["sender"], SENDER)
        self.assertEqual(shown.envelope["client_ip"], "192.0.2.9")

    def test_large(self) -> None:
        """10 MB, with a length, in chunks, and by HTTP/1.0."""
        box = "tell-curl-large@box.test"
        for way in (["--data-binary", "@-"], ["-T", "-", "-X", "POST"]):
            self.scan(*way, "-H", f"Rcpt: {box}", stdin=LARGE)
            self.assertEqual(told(self.filter, box).raw, LARGE)
        self.scan("--http1.0", "-H", f"Rcpt: {box}", stdin=LARGE)
        self.assertEqual(told(self.filter, box).raw, LARGE)

    def test_expect(self) -> None:
        """1 MB is sent when the filter has asked for it, and curl does not wait a second."""
        text = LARGE[:1_000_000]
        reply = self.curl(
            *("-i", "-H", "Expect: 100-continue", "--expect100-timeout", "30"),
            *("--data-binary", "@-"),
            stdin=text,
        )
        self.assertTrue(reply.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 "), reply)

    def test_query(self) -> None:
        """Arguments of the URL are header fields."""
        box = "tell-curl-query@box.test"
        path = f"checkv2?rcpt={box}&From=%3Calice%40example.org%3E&IP=192.0.2.9&helo=a%20b"
        self.scan(stdin=HAM.read_bytes(), path=path)
        envelope = told(self.filter, box).envelope
        self.assertEqual((envelope["sender"], envelope["client_ip"]), (SENDER, "192.0.2.9"))
        self.assertEqual(envelope["helo"], "a b")

    def test_path(self) -> None:
        """Paths in any case, and the older ones with their layout."""
        for path in ("checkV2", "CHECKV2"):
            self.assertEqual(self.scan(stdin=HAM.read_bytes(), path=path)["action"], "no action")
        for path in ("check", "Symbols", "scan"):
            found = self.scan(stdin=HAM.read_bytes(), path=path)["default"]
            self.assertEqual((found["action"], found["is_spam"]), ("no action", False))

    def test_soft_reject(self) -> None:
        """A verdict too; the status tells nothing of the message."""
        text = wish([("Action", "soft reject"), ("Message", "wait, 100%")])
        self.assertEqual(self.scan("--fail", stdin=text)["action"], "soft reject")

    def test_ping(self) -> None:
        """GET and HEAD."""
        self.assertEqual(self.curl(path="ping"), b"pong\r\n")
        head = self.curl("--head", path="ping")
        self.assertTrue(head.startswith(b"HTTP/1.1 200 OK\r\n"))
        self.assertTrue(head.endswith(b"\r\n\r\n"), head)
        self.assertIn(b"Content-Length: 6\r\n", head)

    def test_head_on_a_kept_connection(self) -> None:
        """The reply to HEAD has no body that would be taken for the next reply."""
        url = self.url("ping")
        arguments = ["--head", url, "--next", "-sS", "-w", "%{num_connects}", url]
        output = run("curl", "-sS", *arguments).stdout
        self.assertTrue(output.endswith(b"\r\n\r\npong\r\n0"), output)


class CurlManyTests(CurlCase):
    """Many messages by one run."""

    def many(self, count: int, *arguments: str, paths: Sequence[Path] = (HAM,)) -> bytes:
        """The output of a run that posts files in turn, with the connections made at the end."""
        requests: list[str] = []
        for number in range(count):
            path = paths[number % len(paths)]
            requests += ["--next"] * bool(number)
            requests += ["-sS", "-w", "\n%{num_connects}\n"]
            requests += ["--data-binary", f"@{path}", "-H", f"Queue-Id: n{number}", self.url()]
        done = run("curl", *arguments, *requests)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_hundred_on_one_connection(self) -> None:
        """Each has its own verdict, whatever came before."""
        names = ("ham", "gtube-reject", "gtube-add-header", "gtube-rewrite-subject")
        output = self.many(100, paths=[MESSAGES / f"{name}.eml" for name in names])
        actions = [verdict["action"] for verdict in self.verdicts(output)]
        expected = ["no action", "reject", "add header", "rewrite subject"]
        self.assertEqual(actions, expected * 25)
        connects = [int(line) for line in output.split() if line.isdigit()]
        self.assertEqual((len(connects), sum(connects)), (100, 1))
        self.assertEqual(len(self.filter.records(self.mark)), 100)

    def test_parallel(self) -> None:
        """200, 20 at the same time."""
        limit = ("--parallel", "--parallel-immediate", "--parallel-max", str(AT_ONCE))
        output = self.many(200, *limit)
        self.assertEqual(output.count(b'"action":"no action"'), 200)
        ids = sorted(record["queue_id"] for record in self.filter.records(self.mark))
        self.assertEqual(ids, sorted(f"n{number}" for number in range(200)))


class CurlSocketTests(CurlCase):
    """The unix socket."""

    def make_filter(self) -> Filter:
        """The one that has it."""
        return dressed_filter()

    def test_unix_socket(self) -> None:
        """As at a port."""
        socket = ("--unix-socket", str(self.filter.home / UNIX))
        self.assertEqual(self.curl(*socket, path="ping"), b"pong\r\n")
        verdict = self.scan(*socket, stdin=message_file("gtube-reject.eml"))
        self.assertEqual(verdict["action"], "reject")


class CurlAwayTests(CurlCase):
    """Without the filter."""

    def make_filter(self) -> Filter:
        """One that may be stopped."""
        own = away_filter()
        own.ensure_running()
        return own

    def test_stopped(self) -> None:
        """curl says so by its exit status."""
        self.scan(stdin=HAM.read_bytes())
        self.filter.stop()
        done = run("curl", "-sS", "--data-binary", f"@{HAM}", self.url())
        self.assertEqual((done.returncode, done.stdout), (REFUSED, b""))
        self.filter.start()
        self.scan(stdin=HAM.read_bytes())


class CurlZstdTests(CurlCase):
    """Compression, which is asked for by either of two header fields."""

    def test_request(self) -> None:
        """A message that is compressed."""
        text = message_file("ham.eml")
        box = "tell-curl-zstd@box.test"
        for field in ("Content-Encoding", "Compression"):
            way = ("-H", f"{field}: zstd", "-H", f"Rcpt: {box}", "--data-binary", "@-")
            reply = self.curl("-i", *way, stdin=zstd.compress(text))
            head, _, body = reply.partition(b"\r\n\r\n")
            self.assertEqual(told(self.filter, box).raw, text)
            # Who compresses gets it back so, with both fields.
            self.assertIn(b"\r\nContent-Encoding: zstd", head)
            self.assertIn(b"\r\nCompression: zstd", head)
            self.assertEqual(json.loads(zstd.decompress(body))["action"], "no action")

    def test_reply(self) -> None:
        """A reply that is compressed, and unpacked by curl."""
        fields = ("-H", "Accept-Encoding: zstd")
        reply = self.curl("--data-binary", f"@{HAM}", *fields)
        self.assertEqual(json.loads(zstd.decompress(reply))["action"], "no action")
        self.assertEqual(self.scan("--compressed", stdin=HAM.read_bytes())["action"], "no action")

    def test_large(self) -> None:
        """10 MB that become small."""
        box = "tell-curl-zstd-large@box.test"
        fields = ("-H", f"Rcpt: {box}", "-H", "Content-Encoding: zstd", "--compressed")
        self.scan(*fields, stdin=zstd.compress(LARGE))
        self.assertEqual(told(self.filter, box).raw, LARGE)

    def test_broken(self) -> None:
        """What cannot be unpacked is an error."""
        way = ("-H", "Content-Encoding: zstd", "--data-binary", "@-", "-w", "%{http_code}")
        reply = self.curl(*way, stdin=b"no zstd at all")
        self.assertTrue(reply.endswith(b"}400"), reply)
        self.assertEqual(list(json.loads(reply[:-3])), ["error"])
