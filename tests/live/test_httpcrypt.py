"""The real rspamc asks the filter by HTTPCrypt, with right keys and wrong ones."""

import json
import socket
from typing import Any

from mailfilter.codec.httpcrypt import Keypair, key_header, shared_key

from .harness import message_file, wish
from .httpcrypt import NOT_OPENED, PASSWORD, KeyCase, text_of
from .mailfilterc import ask_rspamc
from .processes import wait_until
from .shapes import DATED
from .threads import Threads
from .told import told

HAM, GTUBE = message_file("ham.eml"), message_file("gtube-reject.eml")
LARGE = DATED + b"\r\n" + b"0123456789 abcdefghijklmnopqrstuvwxyz, and on it goes.\r\n" * 100_000
"""5 MB."""


class RightTests(KeyCase):
    """With a key of the filter."""

    def read(self, place: str, *arguments: str, message: bytes = HAM) -> dict[str, Any]:
        """The reply as JSON."""
        reply: dict[str, Any] = json.loads(
            self.rspamc(place, "--json", *arguments, message=message)
        )
        return reply

    def test_listeners(self) -> None:
        """Each protocol that has HTTPCrypt opens requests, and seals replies."""
        before = self.counted("opened")
        places = ("http", "scan", "controller", "remote", "all")
        for place in places:
            reply = self.read(place, "-P", PASSWORD, message=GTUBE)
            self.assertEqual(reply["action"], "reject", place)
            self.assertIn("GTUBE", reply["symbols"], place)
        wait_until(lambda: self.counted("opened") >= before + len(places), "all to be counted")

    def test_both_keys(self) -> None:
        """Each of two keypairs, which lie in files of two forms."""
        for pair in (self.filter.front, self.filter.spare):
            self.rspamc("http", message=HAM, key=text_of(pair))

    def test_plain(self) -> None:
        """Without a key the same listeners answer as ever."""
        for place in ("http", "scan", "remote"):
            status, text = ask_rspamc(
                f"127.0.0.1:{self.filter.ports[place]}", message=GTUBE
            ).outcome
            self.assertEqual(status, 0, text)
            self.assertIn("Action: reject", text)

    def test_shapes(self) -> None:
        """What is scanned is what was sent: 8-bit, NUL, both line ends, and 5 MB."""
        box = "tell-httpcrypt-shapes@sink.test"
        messages = [message_file(name) for name in ("eight-bit.eml", "latin-1.eml", "dots.eml")]
        messages += [HAM.replace(b"\r\n", b"\n"), DATED + b"\r\na\0b\xff\r\n.\r\n", LARGE]
        for message in messages:
            self.read("http", "-r", box, message=message)
            self.assertEqual(told(self.filter, box).raw, message)

    def test_envelope(self) -> None:
        """What rspamc tells of a message is told inside, and believed from this machine."""
        box = "tell-httpcrypt-envelope@sink.test"
        self.read("scan", "-i", "192.0.2.7", "-F", "a@example.org", "-r", box, "-u", "alice")
        envelope = told(self.filter, box).envelope
        self.assertEqual((envelope["client_ip"], envelope["user"]), ("192.0.2.7", "alice"))
        self.assertEqual(envelope["sender"], "a@example.org")

    def test_forms(self) -> None:
        """Packed, with headers, as the message with fields of the verdict."""
        text = self.rspamc("http", "-z", "--headers", message=LARGE)
        self.assertIn("\nCompression: zstd\n", text)
        self.assertIn("\nAction: no action\n", text)
        marked = self.rspamc("http", "--mime", message=wish([("Symbol", "FORCE_ONE 7")]))
        self.assertIn("X-Spam-Action: add header", marked)

    def test_errors(self) -> None:
        """The status is sealed, so that rspamc can tell it."""
        self.assertIn("HTTP error: 404", self.rspamc("http", "stat", code=1))
        self.assertIn("HTTP error: 404", self.rspamc("http", "learn_spam", message=HAM, code=1))

    def test_controller(self) -> None:
        """Commands, with the password inside, a wrong one, and none."""
        self.assertIn("Messages scanned: ", self.rspamc("controller", "-P", PASSWORD, "stat"))
        for wrong in (("-P", "no-such"), ()):
            self.assertIn("401", self.rspamc("controller", *wrong, "stat", code=1))

    def test_load(self) -> None:
        """100 messages by 10 at once, each with a client key of its own."""

        def run(client: int) -> None:
            for number in range(client, 100, 10):
                action = "add header" if number % 2 else "no action"
                reply = self.read("http", message=wish([("Action", action)]))
                assert reply["action"] == action, (number, reply)

        Threads(10, run).join()
        self.assertEqual(len(self.filter.records(self.mark)), 100)


class WrongTests(KeyCase):
    """With keys that are not the filter's, or without one where there must be one."""

    def test_other_key(self) -> None:
        """Nothing is scanned; the log says why, and how often is counted."""
        before = self.counted("refused/key")
        places = ("http", "scan", "controller")
        for place in places:
            key = text_of(Keypair.new())
            text = self.rspamc(place, message=HAM, key=key, code=1)
            self.assertIn(NOT_OPENED, text)
        self.assertEqual(self.filter.records(self.mark), [])
        wait_until(lambda: self.counted("refused/key") >= before + len(places), "the count")
        wait_until(lambda: "none of keypairs" in self.filter.log(), "the reason in the log")

    def test_no_key(self) -> None:
        """What is no key is not even tried by rspamc."""
        self.assertIn("cannot connect", self.rspamc("http", message=HAM, key="0" * 52, code=1))

    def test_no_keypair(self) -> None:
        """A listener without keypairs takes the request for a plain one, to an unknown path."""
        server = f"127.0.0.1:{self.filter.http}"
        status, text = ask_rspamc(server, "--key", self.key(), message=HAM).outcome
        self.assertEqual((status, NOT_OPENED in text), (1, True), text)

    def test_stranger(self) -> None:
        """A key of nobody's, where clients must be known: refused, and rspamc can read why."""
        self.assertIn("HTTP error: 403", self.rspamc("known", message=HAM, code=1))
        self.assertEqual(self.filter.records(self.mark), [])


class EncryptedOnlyTests(KeyCase):
    """Who may come without a key."""

    def test_all(self) -> None:
        """Nobody."""
        status, text = ask_rspamc(f"127.0.0.1:{self.filter.ports['all']}", message=HAM).outcome
        self.assertEqual(status, 1)
        self.assertIn("HTTP error: 403", text)

    def test_lines(self) -> None:
        """Nobody who asks by a protocol that cannot be sealed, either."""
        reply = said(self.filter.ports["all"], b"PING SPAMC/1.5\r\n\r\n")
        self.assertRegex(reply, rb"^SPAMD/[\d.]+ (?!0 )\d+ ")
        self.assertIn(b" PONG", said(self.filter.ports["scan"], b"PING SPAMC/1.5\r\n\r\n"))

    def test_remote(self) -> None:
        """Nobody from elsewhere; with a key they are let in."""
        if not self.filter.host:
            self.skipTest("this machine has no address beside the loopback's")
        server = f"{self.filter.host}:{self.filter.ports['remote']}"
        status, text = ask_rspamc(server, message=HAM).outcome
        self.assertEqual(status, 1)
        self.assertIn("HTTP error: 403", text)
        self.assertEqual(self.filter.records(self.mark), [])
        self.rspamc("remote", message=HAM, host=self.filter.host)
        self.assertEqual(len(self.filter.records(self.mark)), 1)


class ReplayTests(KeyCase):
    """What HTTPCrypt does not do."""

    def test_again(self) -> None:
        """A request that was recorded is carried out as often as it is sent."""
        ours, client = self.filter.front.public, Keypair.new()
        shared = shared_key(client, ours)
        blob = shared.seal(b"POST /checkv2 HTTP/1.0\r\nContent-Length: %d\r\n\r\n" % len(HAM) + HAM)
        key = key_header(ours, client.public).encode()
        head = b"POST / HTTP/1.0\r\nKey: %b\r\nContent-Length: %d\r\n\r\n" % (key, len(blob))
        for count in (1, 2):
            reply = said(self.filter.ports["http"], head + blob)
            self.assertNotIn(b"action", reply)
            inside = shared.unseal(reply.partition(b"\r\n\r\n")[2])
            self.assertTrue(inside.startswith(b"HTTP/1.1 200 OK\r\n"), inside)
            wait_until(lambda: len(self.filter.records(self.mark)) == count, "a scan")  # noqa: B023


def said(port: int, request: bytes) -> bytes:
    """All that a server says to some octets."""
    with socket.create_connection(("127.0.0.1", port), 60) as stream:
        stream.sendall(request)
        return b"".join(iter(lambda: stream.recv(65536), b""))
