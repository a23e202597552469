"""mailfilterc sends what Debian's rspamc sends, option by option."""

import socket
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, ClassVar, Self

from backports import zstd
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from . import peers
from .mailfilterc import mailfilterc, rspamc

MESSAGE = b"Subject: x\n\nbody\n"
_REPLY = b"""\
{"is_skipped":false,"score":1.0,"required_score":15.0,"action":"no action","symbols":{},\
"messages":{},"message-id":"a@example.org"}"""
ANSWER = b"""\
HTTP/1.1 200 OK\r
Content-Type: application/json\r
Connection: close\r
Content-Length: %d\r
\r
%s""" % (len(_REPLY), _REPLY)
_OF_THE_CONNECTION = {"host", "connection", "content-length", "accept-encoding", "accept"}


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked."""

    line: str
    """Method and path, without the version."""
    headers: Mapping[str, list[str]]
    """Names in lower case; without those that are of the connection alone."""
    body: bytes
    """Unpacked."""


class Recorder:
    """A server that gives the same answer to every request; `requests` are what came."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.requests: list[Request] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # accept() in another thread does not end when the socket is closed alone.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(60)
                with connection.makefile("rb") as stream:
                    connection.sendall(self.answer(stream))

    def answer(self, stream: BinaryIO) -> bytes:
        """Take a request; what is said."""
        self.requests.append(read_request(stream))
        return ANSWER


def read_request(stream: BinaryIO) -> Request:
    """One that begins there."""
    line = stream.readline().decode().rpartition(" ")[0]
    headers: dict[str, list[str]] = {}
    while text := stream.readline().decode().rstrip("\r\n"):
        name, _, value = text.partition(":")
        headers.setdefault(name.lower(), []).append(value.strip())
    body = stream.read(int(headers.get("content-length", ["0"])[0]))
    if "compression" in headers:
        body = zstd.decompress(body)
    kept = {name: found for name, found in headers.items() if name not in _OF_THE_CONNECTION}
    return Request(line, kept, body)


class RequestTests(SynchronousTestCase):
    """Both programs with the same options."""

    needs: ClassVar = ("rspamc",)
    options: ClassVar[Sequence[str]] = ()
    """Given to both each time."""
    recorder: ClassVar[type[Recorder]] = Recorder

    def setUp(self) -> None:
        """Skip without rspamc."""
        if why := peers.why_missing(*self.needs):
            raise SkipTest(why)

    def check(self, *lines: tuple[str, ...]) -> None:
        """Both send the same with each of these command lines."""
        for arguments in lines:
            with self.recorder() as recorder:
                for run in (mailfilterc, rspamc):
                    where = ("-h", f"127.0.0.1:{recorder.port}", "-t", "60", *self.options)
                    ran = run(*where, *arguments, message=MESSAGE)
                    self.assertEqual(ran.code, 0, ran)
                ours, theirs = recorder.requests
            self.assertEqual(ours, theirs, arguments)

    def test_envelope(self) -> None:
        """Who sends what to whom."""
        self.check(
            (),
            ("-i", "192.0.2.1"),
            ("-i", "2001:db8::1"),
            ("-i", "localhost"),
            ("-u", "alice"),
            ("-d", "bob"),
            ("-F", "a@example.org"),
            ("-F", ""),
            ("-r", "b@example.org", "-r", "c@example.org"),
            ("--helo", "h.test", "--hostname", "host.test"),
        )

    def test_ways(self) -> None:
        """How it is to be scanned and answered."""
        self.check(
            ("-p",),
            ("--profile",),
            ("-p", "--profile"),
            ("--extended-urls",),
            ("--raw",),
            ("-P", "secret"),
            ("--password=secret",),
            ("-U", "other/1.0"),
            ("-z",),
            ("--skip-images",),
            ("--skip-attachments",),
            ("-E",),
            ("--mime",),
            ("--exec", "cat"),
        )

    def test_headers(self) -> None:
        """Fields of one's own, in the ways to write them."""
        self.check(
            ("--header", "X-One=two"),
            ("--header", "X-One: two"),
            ("--header", "X-One=two=three: four"),
            ("--header", "X-One"),
            ("--header", "X-One=1", "--header", "X-One=2", "--header", "X-Two=3"),
        )

    def test_smuggled(self) -> None:
        """No value makes a field of its own, as it does with rspamc."""
        value = "a\r\nX-Other: b\nX-Other: c"
        for flag in ("-F", "-u", "-r", "-d", "-U", "-P", "--helo", "--hostname", "--queue-id"):
            with self.recorder() as recorder:
                where = ("-h", f"127.0.0.1:{recorder.port}", *self.options)
                mailfilterc(*where, flag, value, message=MESSAGE)
                for request in recorder.requests:
                    self.assertNotIn("x-other", request.headers)

    def test_output(self) -> None:
        """What is printed makes no difference to what is asked."""
        self.check(("-v",), ("--json",), ("--compact",), ("--ucl",), ("--headers",), ("-n", "1"))

    def test_learning(self) -> None:
        """Classifier, weight, flag and symbol go along if they are given, and only then."""
        self.check(
            ("learn_spam",),
            ("learn_ham", "-c", "bayes"),
            ("-c", "bayes"),
            ("fuzzy_add",),
            ("fuzzy_add", "-f", "2", "-w", "3"),
            ("fuzzy_add", "-S", "FUZZY_DENIED", "-w", "-3"),
            ("fuzzy_del", "-f", "2", "--skip-images", "--skip-attachments"),
            ("fuzzy_delhash", "ab" * 64),
            ("fuzzy_delhash", "-f", "2", "ab" * 64, "cd" * 64),
        )

    def test_figures(self) -> None:
        """What takes no message."""
        self.check(("stat",), ("stat_reset",), ("counters",), ("uptime",))
