"""The requests of Apache James, as the emulator writes them, at a running controller."""

import socket

from tests.servers.clients.james import James
from tests.servers.clients.outcome import Outcome
from tests.servers.clients.wire import HttpReply, Mail, read_reply

from .controller_case import CHANGE, LOOK, ControllerCase, make_controlled
from .harness import Filter, LiveCase, message_file

GTUBE = message_file("gtube-reject.eml")


def send(port: int, request: bytes) -> bytes:
    """The octets of the reply to a request; a second one, or the end, shows where it ends."""
    marker = b"OPTIONS /end HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), 60) as client:
        client.sendall(request + marker)
        received = b""
        while piece := client.recv(65536):
            received += piece
    if b"\r\nConnection: close\r\n" in received[: received.index(b"\r\n\r\n")]:
        # It was not read whose body is refused.
        return received
    at = received.rindex(b"HTTP/1.1 200 OK")
    return received[:at] or received


class JamesCase(LiveCase):
    """How it is asked."""

    def learn(self, client: James, path: str = "/learnspam") -> HttpReply:
        """The reply to a message that a user has moved."""
        return read_reply(send(self.filter.controller, client.learn(path, GTUBE)))

    def scan(self, client: James, raw: bytes = GTUBE) -> Outcome:
        """What James does with a message."""
        (request,) = client.requests(Mail(raw))
        return client.outcome(send(self.filter.controller, request))


class OpenTests(JamesCase):
    """On one machine, where no password is set: James sends an empty one."""

    client = James(reject_processor="spam")

    def test_ping(self) -> None:
        reply = read_reply(send(self.filter.controller, self.client.ping()))
        self.assertEqual((reply.status, reply.body), (200, b"pong\r\n"))

    def test_scan(self) -> None:
        """Refused mail goes to its processor, other mail on its way."""
        outcome = self.scan(self.client)
        self.assertEqual((outcome.fate, outcome.text), ("refused", "spam"))
        self.assertEqual(self.scan(self.client, message_file("ham.eml")).fate, "accepted")

    def test_one_request_for_each_recipient(self) -> None:
        """With perUserBayes."""
        client = James(per_user_bayes=True, reject_processor="spam")
        for request in client.requests(Mail(GTUBE)):
            self.assertEqual(client.outcome(send(self.filter.controller, request)).fate, "refused")

    def test_learn(self) -> None:
        """James logs it as an error; mail is not lost by it."""
        for path in ("/learnspam", "/learnham"):
            reply = self.learn(self.client, path)
            self.assertEqual(
                (reply.status, reply.body), (404, b'{"error":"no classifiers defined"}')
            )


class PasswordTests(JamesCase, ControllerCase):
    """Where passwords are set."""

    def test_ping(self) -> None:
        """Whatever the password."""
        for password in ("", "wrong", LOOK):
            ping = James(password=password).ping()
            self.assertEqual(read_reply(send(self.filter.controller, ping)).status, 200)

    def test_scan(self) -> None:
        """With the right one alone; 401 is what James knows as unauthorized."""
        for password in (LOOK, CHANGE):
            outcome = self.scan(James(password=password, reject_processor="spam"))
            self.assertEqual(outcome.fate, "refused")
        for password in ("", "wrong"):
            outcome = self.scan(James(password=password, reject_processor="spam"))
            self.assertEqual((outcome.fate, outcome.text), ("error", "UnauthorizedException"))

    def test_learn(self) -> None:
        """Only with the password that may change things."""
        self.assertEqual(self.learn(James(password=CHANGE)).status, 404)
        for password in ("", "wrong", LOOK):
            self.assertEqual(self.learn(James(password=password)).status, 401)


class SecureTests(JamesCase):
    """A machine that needs no password, though others do: an empty one is none."""

    def make_filter(self) -> Filter:
        made = make_controlled(workers=1, secure="127.0.0.1")
        made.start()
        self.addCleanup(made.kill)
        return made

    def test_empty(self) -> None:
        self.assertEqual(self.scan(James(reject_processor="spam")).fate, "refused")
        self.assertEqual(self.learn(James()).status, 404)
