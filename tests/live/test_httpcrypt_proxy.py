"""Debian's rspamd as a proxy with an encrypted upstream: the filter."""

import functools
import json
from typing import ClassVar

from mailfilter.codec.httpcrypt import Keypair

from .harness import SENDER, message_file, shared_sink, smtp_send, wish
from .httpcrypt import KeyCase, key_filter, text_of
from .postfix import Postfix
from .postfix_cf import Smtpd
from .processes import wait_until
from .rspamd_proxy import RspamdProxy, Way
from .shapes import DATED
from .threads import Threads
from .told import told

HAM, GTUBE = message_file("ham.eml"), message_file("gtube-reject.eml")


@functools.cache
def proxy() -> RspamdProxy:
    """The one that tests share: workers for HTTP and milter, with the right key and another one."""
    running, wrong = key_filter(), text_of(Keypair.new())
    right, port = text_of(running.front), running.ports["all"]
    return RspamdProxy(
        http=Way(port, right),
        milter=Way(port, right, milter=True),
        http_wrong=Way(port, wrong),
        milter_wrong=Way(port, wrong, milter=True),
        http_none=Way(port),
    )


class ProxyCase(KeyCase):
    """Base of tests that ask the proxy."""

    needs: ClassVar[tuple[str, ...]] = ("rspamd",)

    def setUp(self) -> None:
        """Start or reuse it."""
        super().setUp()
        self.proxy = proxy()


class HttpTests(ProxyCase):
    """The proxy is asked over HTTP."""

    def test_verdict(self) -> None:
        """It passes on what it has opened."""
        for message, action in ((HAM, "no action"), (GTUBE, "reject")):
            status, body = self.proxy.ask("http", message)
            self.assertEqual((status, json.loads(body)["action"]), (200, action))

    def test_envelope(self) -> None:
        """What it was told of the message goes with it, and its octets are the same."""
        box = "tell-httpcrypt-proxy@sink.test"
        message = DATED + b"\r\n" + b"a line of a message that is not small\r\n" * 50_000
        fields = {"IP": "192.0.2.7", "From": "a@example.org", "Rcpt": box, "User": "alice"}
        self.proxy.ask("http", message, headers=fields)
        found = told(self.filter, box)
        self.assertEqual(
            (found.envelope["client_ip"], found.envelope["user"]),
            tuple(fields[name] for name in ("IP", "User")),
        )
        self.assertEqual(found.raw, message)

    def test_error(self) -> None:
        """A status that is no 200 is passed on, too."""
        status, body = self.proxy.ask("http", HAM, "/no-such")
        self.assertEqual(status, 404, body)

    def test_load(self) -> None:
        """60 messages by 6 at once."""

        def run(client: int) -> None:
            for number in range(client, 60, 6):
                action = "add header" if number % 2 else "no action"
                _, body = self.proxy.ask("http", wish([("Action", action)]))
                assert json.loads(body)["action"] == action, (number, body)

        Threads(6, run).join()
        self.assertEqual(len(self.filter.records(self.mark)), 60)

    def test_wrong(self) -> None:
        """With a wrong key, or none, there is no verdict."""
        for name in ("http_wrong", "http_none"):
            status, body = self.proxy.ask(name, HAM)
            self.assertGreaterEqual(status, 400, body)
        self.assertEqual(self.filter.records(self.mark), [])
        wait_until(lambda: "none of keypairs" in self.filter.log(), "the reason in the log")


class MilterTests(ProxyCase):
    """Postfix asks the proxy, which asks the filter."""

    needs: ClassVar[tuple[str, ...]] = ("rspamd", "master")
    needs_root = True

    def setUp(self) -> None:
        """Start or reuse Postfix."""
        super().setUp()
        self.postfix = postfix()

    def send(self, service: str, message: bytes) -> int:
        """Send a message by a service of Postfix; the code of the reply."""
        box = f"{self._testMethodName}@box.test".lower()
        return smtp_send(self.postfix.ports[service], message, [box], SENDER).code

    def test_right(self) -> None:
        """Ham gets in, spam does not."""
        self.assertEqual(self.send("right", HAM), 250)
        self.assertEqual(self.send("right", GTUBE), 554)
        actions = [record["action"] for record in self.filter.records(self.mark)]
        self.assertEqual(actions, ["no action", "reject"])

    def test_wrong(self) -> None:
        """With a wrong key mail waits."""
        self.assertEqual(self.send("wrong", HAM) // 100, 4)
        self.assertEqual(self.filter.records(self.mark), [])


@functools.cache
def postfix() -> Postfix:
    """One with a service for each key."""
    ports = proxy().ports
    services = {
        name: Smtpd(f"inet:127.0.0.1:{ports[worker]}")
        for name, worker in (("right", "milter"), ("wrong", "milter_wrong"))
    }
    return Postfix(services, shared_sink().port)
