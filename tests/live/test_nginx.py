"""nginx between clients and the filter: TLS or plain, to a port or a unix socket."""

import functools
import http.client
import json
from collections.abc import Sequence
from typing import Any, ClassVar

from .delivered import values
from .haraka import Haraka
from .haraka_case import HarakaCase, at_port
from .harness import MESSAGES, SENDER, Filter, LiveCase, message_file, shared_sink, wish
from .nginx import PLAIN, Nginx
from .processes import wait_until
from .scan_mta import (
    AT_ONCE,
    FORMS,
    HAM,
    LARGE,
    UNIX,
    UNTOUCHED,
    away_filter,
    dressed_filter,
)
from .test_clients import GTUBE_ACTIONS, run
from .threads import Threads
from .told import told

Fields = Sequence[tuple[str, str]]
FRONTS = ("tls", f"{PLAIN}tcp", f"{PLAIN}unix")
AWAY = f"{PLAIN}away"


@functools.cache
def shared_nginx() -> Nginx:
    """One with a front for each way."""
    port = f"127.0.0.1:{dressed_filter().http}"
    upstreams = {
        "tls": port,
        f"{PLAIN}tcp": port,
        f"{PLAIN}unix": f"unix:{dressed_filter().home / UNIX}",
        AWAY: f"127.0.0.1:{away_filter().http}",
    }
    return Nginx(upstreams)


class NginxCase(LiveCase):
    """Requests by way of nginx."""

    needs: ClassVar[Sequence[str]] = ("nginx",)

    def setUp(self) -> None:
        """Start nginx."""
        super().setUp()
        self.nginx = shared_nginx()

    def make_filter(self) -> Filter:
        """The one that also has a unix socket."""
        return dressed_filter()

    def connect(self, front: str) -> http.client.HTTPConnection:
        """A connection to one of the fronts."""
        port = self.nginx.ports[front]
        if front.startswith(PLAIN):
            client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        else:
            context = self.nginx.client_context()
            client = http.client.HTTPSConnection("127.0.0.1", port, timeout=60, context=context)
        self.addCleanup(client.close)
        return client

    def ask(
        self, client: http.client.HTTPConnection, text: bytes, fields: Fields = (), path: str = ""
    ) -> tuple[int, bytes]:
        """Send a request; status and body of the reply."""
        client.putrequest("POST", path or "/checkv2")
        for name, value in (*fields, ("Content-Length", str(len(text)))):
            client.putheader(name, value)
        client.endheaders(text)
        reply = client.getresponse()
        return reply.status, reply.read()

    def scan(
        self, client: http.client.HTTPConnection, text: bytes, fields: Fields = ()
    ) -> dict[str, Any]:
        """The verdict on a message."""
        status, body = self.ask(client, text, fields)
        self.assertEqual(status, 200, body)
        verdict: dict[str, Any] = json.loads(body)
        return verdict


class NginxTests(NginxCase):
    """Everything comes through, both ways."""

    def test_gtube(self) -> None:
        """Each pattern in each encoding."""
        for front in FRONTS:
            client = self.connect(front)
            self.assertEqual(self.scan(client, HAM)["action"], "no action")
            for name, action in GTUBE_ACTIONS.items():
                for form in FORMS:
                    verdict = self.scan(client, message_file(f"{name}{form}.eml"))
                    self.assertEqual(verdict["action"], action)

    def test_soft_reject(self) -> None:
        """A soft reject and its text."""
        for front in FRONTS:
            wishes = wish([("Action", "soft reject"), ("Message", "wait, 100%")])
            verdict = self.scan(self.connect(front), wishes)
            self.assertEqual(verdict["action"], "soft reject")
            self.assertEqual(verdict["messages"]["smtp_message"], "wait, 100%")

    def test_shown(self) -> None:
        """8-bit, dots and line ends: the filter sees every octet, and three recipients."""
        for front in FRONTS:
            client = self.connect(front)
            for name in UNTOUCHED:
                boxes = [f"tell-nginx-{front}@box.test", "b@box.test", "c@box.test"]
                for text in (message_file(name), (MESSAGES / name).read_bytes()):
                    self.scan(client, text, [("From", "<>"), *[("Rcpt", box) for box in boxes]])
                    shown = told(self.filter, boxes[0])
                    self.assertEqual(shown.raw, text, name)
                    self.assertEqual(shown.recipients, boxes)
                    self.assertEqual(shown.envelope["sender"], "")

    def test_address_of_client(self) -> None:
        """That which the mail server tells, not one of the proxy's fields."""
        box = "tell-nginx-address@box.test"
        forged = [("X-Forwarded-For", "203.0.113.9"), ("X-Real-IP", "203.0.113.9")]
        forged.append(("Forwarded", "for=203.0.113.9"))
        for front in FRONTS:
            client = self.connect(front)
            self.scan(client, HAM, [*forged, ("Rcpt", box)])
            self.assertIsNone(told(self.filter, box).envelope["client_ip"])
            fields = [("IP", "192.0.2.9"), ("User", "alice"), ("Rcpt", box)]
            self.scan(client, HAM, [*forged, *fields])
            envelope = told(self.filter, box).envelope
            self.assertEqual((envelope["client_ip"], envelope["user"]), ("192.0.2.9", "alice"))

    def test_many_recipients(self) -> None:
        """A header field for each of 500."""
        for front in FRONTS:
            boxes = [f"tell-nginx-many-{front}@box.test"]
            boxes += [f"box-{number}@some-longer-domain.example.org" for number in range(500)]
            self.scan(self.connect(front), HAM, [("Rcpt", box) for box in boxes])
            self.assertEqual(told(self.filter, boxes[0]).recipients, boxes)

    def test_large(self) -> None:
        """10 MB, with a length and in chunks."""
        box = "tell-nginx-large@box.test"
        for front in FRONTS:
            self.scan(self.connect(front), LARGE, [("Rcpt", box)])
            self.assertEqual(told(self.filter, box).raw, LARGE)
            fields = {"Rcpt": box}
            client = self.connect(front)
            pieces = (LARGE[at : at + 100_000] for at in range(0, len(LARGE), 100_000))
            client.request("POST", "/checkv2", pieces, fields, encode_chunked=True)
            self.assertEqual(client.getresponse().status, 200)
            self.assertEqual(told(self.filter, box).raw, LARGE)

    def test_many(self) -> None:
        """200 messages, 20 at the same time, over connections that are kept."""
        for front in FRONTS:
            mark = self.filter.log_size()
            actions: list[str] = []

            def run(number: int, front: str = front, actions: list[str] = actions) -> None:
                client = self.connect(front)
                for _ in range(10):
                    box = f"{number}@box.test"
                    actions.append(self.scan(client, HAM, [("Rcpt", box)])["action"])

            Threads(AT_ONCE, run).join()
            self.assertEqual(actions, ["no action"] * 200)
            self.assertEqual(len(self.filter.records(mark)), 200)

    def test_errors(self) -> None:
        """Status and JSON of an error come through."""
        for front in FRONTS:
            status, body = self.ask(self.connect(front), HAM, path="/nowhere")
            self.assertEqual((status, list(json.loads(body))), (404, ["error"]))

    def test_ping(self) -> None:
        """The health check, as curl asks for it."""
        for front in FRONTS:
            scheme = "http" if front.startswith(PLAIN) else "https"
            url = f"{scheme}://localhost:{self.nginx.ports[front]}/ping"
            done = run("curl", "-sS", "-4", "--cacert", str(self.nginx.authority.file), url)
            self.assertEqual(done.stdout, b"pong\r\n", done.stderr)


class NginxAwayTests(NginxCase):
    """The filter is away for a while."""

    def make_filter(self) -> Filter:
        """One that may be stopped."""
        own = away_filter()
        own.ensure_running()
        return own

    def test_away(self) -> None:
        """No reply that could be taken for a verdict; as soon as the filter is back, it answers."""
        client = self.connect(AWAY)
        self.scan(client, HAM)
        self.filter.stop()
        status, body = self.ask(client, HAM)
        self.assertEqual(status, 502)
        self.assertNotIn(b"{", body)
        self.filter.start()
        # nginx leaves a server alone for ten seconds that has failed, unless it is the only one.
        self.scan(client, HAM)

    def test_restart_between_requests(self) -> None:
        """Connections to the filter that nginx has kept are of no use after a restart."""
        client = self.connect(AWAY)
        for _ in range(3):
            self.scan(client, HAM)
            self.filter.kill()
            self.filter.start()
        self.scan(client, HAM)

    def test_killed_in_scan(self) -> None:
        """A scan that breaks off is an error."""
        replies: list[tuple[int, bytes]] = []
        client = self.connect(AWAY)
        slow = wish([("Delay", "2.5")])
        asking = Threads(1, lambda _: replies.append(self.ask(client, slow)))
        wait_until(lambda: "force: waiting" in self.filter.log(self.mark), "the scan to begin")
        self.filter.kill()
        asking.join()
        self.assertEqual(replies[0][0], 502)


class HarakaByNginxTests(HarakaCase):
    """Haraka asks by TLS, as documented."""

    needs: ClassVar[Sequence[str]] = ("nginx",)

    def make_filter(self) -> Filter:
        """See `LiveCase`."""
        return dressed_filter()

    def make_haraka(self) -> Haraka:
        """One that asks nginx."""
        return tls_haraka()

    def test_tls(self) -> None:
        """Ham, spam, and the filter's fields."""
        self.assertEqual(self.send(HAM, sender=SENDER).code, 250)
        self.assertEqual(self.send(message_file("gtube-reject.eml")).code, 550)
        self.assertEqual(values(self.arrived(self.box), "X-Virus"), ["none here"])


@functools.cache
def tls_haraka() -> Haraka:
    """A Haraka that knows the authority of our nginx."""
    nginx = shared_nginx()
    address = f"scheme = https\n{at_port(nginx.ports['tls'])}"
    tls = f"[tls]\nca_file = {nginx.authority.file}\nservername = localhost\n"
    return Haraka(address, shared_sink().port, more=tls)
