"""HAProxy in front of every kind of listener, with the configurations of docs/proxy.md."""

import functools
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from mailfilter.config import load

from . import peers
from .delivered import values
from .haproxy import (
    CONTROLLER,
    ENDED,
    LINES,
    MILTER,
    OTHERS,
    PAGE,
    THROUGH,
    Haproxy,
    ProxiedFilter,
)
from .harness import LiveCase, PostfixCase, message_file, shared_sink, wish
from .httpcrypt import own_address
from .postfix import Postfix
from .postfix_cf import Smtpd
from .processes import free_port, private_directory, wait_until
from .stunnel import Stunnel
from .tls_page import SERVER, all_blocks, block, here, issue, run

HAM = message_file("ham.eml")
GTUBE = message_file("gtube-reject.eml")
LARGE = HAM + b"0123456789 abcdefghijklmnopqrstuvwxyz, and on it goes.\r\n" * 187_000
"""10 MB."""
FIRST, SECOND = "send-proxy-v2", "send-proxy"
"""How HAProxy is told the version: in the page it is 2."""
PLACE = "127.0.0.2"
"""Where a client may be whose proxy is at 127.0.0.1."""
QUIET = "PROXY protocol"


def counters(asked: ProxiedFilter) -> Mapping[str, int]:
    """What it has counted of proxies."""
    counted: Mapping[str, int] = asked.status()["counters"]
    return {name: count for name, count in counted.items() if name.startswith("proxy/")}


def passed_on(asked: ProxiedFilter) -> int:
    """How many connections of clients."""
    return counters(asked).get("proxy/connections", 0)


def refused(asked: ProxiedFilter) -> Mapping[str, int]:
    """What it has refused."""
    return {name: count for name, count in counters(asked).items() if "refused" in name}


def other_address() -> str:
    """Where a client is that is not on HAProxy's own loopback."""
    address = own_address()
    if not address:
        raise SkipTest("this machine has no address but those of loopback")
    return address


class PageTests(SynchronousTestCase):
    """The page itself."""

    def test_configurations(self) -> None:
        """What is for mailfilter.toml can be loaded, without a warning."""
        texts = [text for _, kind, text in all_blocks(PAGE) if kind == "toml"]
        self.assertEqual(len(texts), 5)
        for text in texts:
            path = Path(self.mktemp()).absolute()
            path.write_text(text)
            self.assertEqual(load(str(path)).warnings, (), text)


@functools.cache
def milter_filter() -> ProxiedFilter:
    """The one of the page."""
    return _started(ProxiedFilter(MILTER))


def _started(made: ProxiedFilter) -> ProxiedFilter:
    made.start()
    return made


@functools.cache
def milter_proxy(version: str) -> Haproxy:
    """In front of that, with one version of the protocol."""
    return Haproxy(milter_filter().section({f"check {FIRST}": f"check {version}"}))


@functools.cache
def behind_postfix() -> Postfix:
    """One that asks HAProxy."""
    services = {
        version: Smtpd(f"inet:127.0.0.1:{milter_proxy(version).ports['milter']}")
        for version in (FIRST, SECOND)
    }
    return Postfix(services, shared_sink().port)


class MilterTests(PostfixCase):
    """Postfix, HAProxy and a milter listener."""

    needs: ClassVar[tuple[str, ...]] = ("haproxy", "master", "openssl")
    filter: ProxiedFilter

    def make_filter(self) -> ProxiedFilter:
        """See `LiveCase`."""
        return milter_filter()

    def setUp(self) -> None:
        """Use the Postfix that asks HAProxy."""
        super().setUp()
        self.postfix = behind_postfix()

    def test_mail(self) -> None:
        """Ham comes in, spam does not, and what is between is marked, by both versions."""
        for version in (FIRST, SECOND):
            self.assertEqual(self.send(HAM, service=version).code, 250)
            reply = self.send(GTUBE, service=version)
            self.assertEqual((reply.code, reply.text), (554, "5.7.1 Gtube pattern"))
            marked = f"{version}-{self.box}"
            message = wish({"Action": "add header"})
            self.assertEqual(self.send(message, marked, service=version).code, 250)
            (found,) = self.postfix.wait_mailbox(marked)
            self.assertEqual(values(found, "X-Spam"), ["Yes"])
        self.assertEqual(len(self.postfix.wait_mailbox(self.box, 2)), 2)
        self.assertEqual(refused(self.filter), {})
        wait_until(lambda: passed_on(self.filter) >= 6, "connections to be counted")

    def test_large(self) -> None:
        """A message of 10 MB."""
        self.assertEqual(self.send(LARGE, service=FIRST).code, 250)
        self.assertGreater(len(self.postfix.wait_mailbox(self.box)[0]), 10_000_000)

    def test_checks(self) -> None:
        """HAProxy looks every two seconds whether the filter is there: no word of that."""
        mark = self.filter.log_size()
        before = milter_proxy(FIRST).log()
        wait_until(lambda: self.send(HAM, service=FIRST).code == 250, "mail to go through")
        self.assertNotIn(QUIET, self.filter.log(mark))
        self.assertNotIn("DOWN", before)


class Answer(NamedTuple):
    """What curl has got."""

    status: int
    body: str


class CurlCase(LiveCase):
    """Clients of HTTP, with certificates of the page's authority."""

    needs: ClassVar[tuple[str, ...]] = ("curl", "haproxy", "openssl")
    filter: ProxiedFilter
    port: int

    def curl(self, who: str, path: str, *arguments: str, source: str = "") -> Answer:
        """Ask by HAProxy with the certificate of somebody, or of nobody; status 0 is no answer."""
        shown = ("--cert", f"{who}.pem", "--key", f"{who}.key") if who else ()
        place = ("--interface", source) if source else ()
        done = subprocess.run(
            (
                str(peers.find("curl")),
                *("-sS", "--max-time", "50", "--resolve", f"{SERVER}:{self.port}:127.0.0.1"),
                *("--cacert", "ca.pem", "-w", "\n%{http_code}", *shown, *place, *arguments),
                f"https://{SERVER}:{self.port}{path}",
            ),
            cwd=self.filter.authority,
            env=peers.environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        body, _, status = done.stdout.rpartition("\n")
        return Answer(int(status), body)

    def scan(self, who: str, *arguments: str, source: str = "") -> dict[str, Any]:
        """Have a message scanned for somebody; its line in the log."""
        mark = self.filter.log_size()
        path = private_directory() / "message"
        path.write_bytes(HAM)
        options = ("--data-binary", f"@{path}", "-H", f"From: {who or 'nobody'}@example.org")
        answer = self.curl(who, "/checkv2", *options, *arguments, source=source)
        self.assertEqual(answer.status, 200, answer.body)
        return self.filter.wait_record(mark, sender=f"{who or 'nobody'}@example.org")


@functools.cache
def ended_filter() -> ProxiedFilter:
    """One whose clients' TLS HAProxy ends."""
    made = _started(ProxiedFilter(ENDED))
    issue(made.authority, "mx9.example.net")
    return made


@functools.cache
def ended_proxy(verify: str) -> Haproxy:
    """In front of that; `verify` is whether certificates are required."""
    return Haproxy(ended_filter().section({"verify required": f"verify {verify}"}))


class EndedTests(CurlCase):
    """HAProxy ends the clients' TLS, and tells of it."""

    needs: ClassVar[tuple[str, ...]] = (*CurlCase.needs, "stunnel")

    def make_filter(self) -> ProxiedFilter:
        """See `LiveCase`."""
        return ended_filter()

    def test_known(self) -> None:
        """A client is known by the name that HAProxy has verified, and is believed."""
        self.port = ended_proxy("required").ports["scan"]
        record = self.scan("mx1", "-H", "IP: 198.51.100.9", "-H", "Flags: trace")
        self.assertEqual((record["identity"], record["ip"]), ("mx1", "198.51.100.9"))

    def test_nobody(self) -> None:
        """Who is verified, but nobody, is a stranger of a network that says what it is."""
        self.port = ended_proxy("required").ports["scan"]
        record = self.scan("mx9", "-H", "IP: 198.51.100.9")
        self.assertIsNone(record["identity"])
        self.assertEqual(self.curl("", "/ping").status, 0)

    def test_optional(self) -> None:
        """Without a certificate as well."""
        self.port = ended_proxy("optional").ports["scan"]
        self.assertIsNone(self.scan("")["identity"])
        self.assertEqual(self.scan("mx1")["identity"], "mx1")
        self.assertEqual(refused(self.filter), {})

    def test_stranger(self) -> None:
        """Neither is an address taken that a client of another machine claims, wherever HAProxy is,
        nor does it get in by that of HAProxy.
        """
        address = other_address()
        self.port = ended_proxy("optional").ports["scan"]
        told = ("-H", "IP: 198.51.100.9")
        self.assertEqual(self.scan("", *told)["ip"], "198.51.100.9")
        self.assertIsNone(self.scan("", *told, source=address)["ip"])
        self.assertIn(f"from '{address}' are ignored", self.filter.log())
        self.assertEqual(self.scan("mx1", *told, source=address)["ip"], "198.51.100.9")

    def test_http_mode(self) -> None:
        """HAProxy keeps connections to the filter, and clients on them apart."""
        changes = {
            "mode tcp": "mode http\n    http-reuse always",
            "verify required": "verify optional",
        }
        self.port = Haproxy(self.filter.section(changes)).ports["scan"]
        told, address = ("-H", "IP: 198.51.100.9"), other_address()
        for _ in range(3):
            for who in ("mx1", "", "mx9"):
                record = self.scan(who, *told, source=address)
                self.assertEqual(record["identity"], who if who == "mx1" else None)
                self.assertEqual(record["ip"], "198.51.100.9" if who == "mx1" else None)

    def test_stunnel(self) -> None:
        """Another proxy, with version 1."""
        self.port = free_port()
        section = here(
            block(OTHERS, "ini", PAGE),
            {
                "accept = 11443": f"accept = 127.0.0.1:{self.port}",
                "127.0.0.1:11333": f"127.0.0.1:{self.filter.tls['11333']}",
                "/etc/stunnel": str(self.filter.authority),
            },
        )
        self.addCleanup(Stunnel(section, [self.port]).stop)
        before = passed_on(self.filter)
        self.assertIsNone(self.scan("")["identity"])
        wait_until(lambda: passed_on(self.filter) > before, "the connection to be counted")

    def test_resumed(self) -> None:
        """A session that is resumed is as good as the one before."""
        self.port = ended_proxy("required").ports["scan"]
        commands = (
            f"openssl s_client -connect 127.0.0.1:{self.port} -servername {SERVER} -tls1_2"
            " -cert mx1.pem -key mx1.key -CAfile ca.pem -ign_eof {0} <request >{1} 2>&1"
        )
        request = self.filter.authority / "request"
        found = []
        for number, session in enumerate(("-sess_out session", "-sess_in session")):
            sender = f"resumed{number}@example.org"
            head = f"POST /checkv2 HTTP/1.0\r\nFrom: {sender}\r\nContent-Length: {len(HAM)}\r\n\r\n"
            request.write_bytes(head.encode() + HAM)
            mark = self.filter.log_size()
            run(
                commands.format(session, f"out{number}"), self.filter.authority, peers.environment()
            )
            found.append(self.filter.wait_record(mark, sender=sender)["identity"])
        self.assertIn("Reused, TLSv1.2", (self.filter.authority / "out1").read_text("latin-1"))
        self.assertEqual(found, ["mx1", "mx1"])


@functools.cache
def through_filter() -> ProxiedFilter:
    """One that speaks TLS itself."""
    made = _started(ProxiedFilter(THROUGH))
    issue(made.authority, "mx9.example.net")
    return made


@functools.cache
def through_proxy(version: str) -> Haproxy:
    """In front of that."""
    return Haproxy(through_filter().section({FIRST: version}))


class ThroughTests(CurlCase):
    """HAProxy passes on TLS that it cannot read."""

    def make_filter(self) -> ProxiedFilter:
        """See `LiveCase`."""
        return through_filter()

    def test_known(self) -> None:
        """By the certificate that the filter itself has seen."""
        for version in (FIRST, SECOND):
            self.port = through_proxy(version).ports["https"]
            self.assertEqual(self.scan("mx1")["identity"], "mx1")
            self.assertEqual(self.curl("", "/ping").status, 0)

    def test_place(self) -> None:
        """It is the client's address that is in the log."""
        self.port = through_proxy(FIRST).ports["https"]
        mark = self.filter.log_size()
        self.assertEqual(self.curl("mx9", "/ping", source=PLACE).status, 0)
        wait_until(lambda: f"'{PLACE}': TLS refused" in self.filter.log(mark), "a line about it")


@functools.cache
def lines_filter() -> ProxiedFilter:
    """One with a unix socket."""
    return _started(ProxiedFilter(LINES))


@functools.cache
def lines_proxy() -> Haproxy:
    """In front of that."""
    return Haproxy(lines_filter().section())


class LinesTests(LiveCase):
    """spamc, HAProxy, and a unix socket."""

    needs: ClassVar[tuple[str, ...]] = ("haproxy", "openssl", "spamc")
    filter: ProxiedFilter

    def make_filter(self) -> ProxiedFilter:
        """See `LiveCase`."""
        return lines_filter()

    def spamc(self, message: bytes) -> bytes:
        """What spamc prints of a message."""
        port = str(lines_proxy().ports["lines"])
        done = subprocess.run(
            [str(peers.find("spamc")), "-F", "/dev/null", "-d", "127.0.0.1", "-p", port, "-c"],
            env=peers.environment(),
            input=message,
            capture_output=True,
            timeout=120,
            check=False,
        )
        return done.stdout

    def test_mail(self) -> None:
        """Ham and spam."""
        ham, spam = self.spamc(HAM), self.spamc(GTUBE)
        for printed, is_spam in ((ham, False), (spam, True)):
            score, _, threshold = printed.decode().partition("/")
            self.assertEqual(float(score) >= float(threshold), is_spam, printed)
        self.assertEqual(refused(self.filter), {})
        wait_until(lambda: passed_on(self.filter) >= 2, "both to be counted")


@functools.cache
def controller_filter() -> ProxiedFilter:
    """A controller with people who are known."""
    made = _started(ProxiedFilter(CONTROLLER, {"10.0.1.0/24": f"{PLACE}/32"}))
    for name in ("anna", "ben"):
        issue(made.authority, name)
    return made


@functools.cache
def controller_proxy() -> Haproxy:
    """In front of that."""
    return Haproxy(controller_filter().section())


class ControllerTests(CurlCase):
    """The controller behind HAProxy."""

    def make_filter(self) -> ProxiedFilter:
        """See `LiveCase`."""
        return controller_filter()

    def setUp(self) -> None:
        """Start HAProxy."""
        super().setUp()
        self.port = controller_proxy().ports["team"]

    def test_identity(self) -> None:
        """By a certificate that HAProxy has verified."""
        session = json.loads(self.curl("anna", "/api/session").body)
        self.assertEqual((session["who"], session["how"]), ("127.0.0.1, anna", "identity"))
        self.assertFalse(session["read_only"])

    def test_place(self) -> None:
        """By the address that HAProxy tells; its own is good for nothing."""
        for who in ("", "ben"):
            self.assertEqual(self.curl(who, "/stat", source=PLACE).status, 200)
            self.assertEqual(self.curl(who, "/stat").status, 401)


class WrongTests(CurlCase):
    """Proxy and filter that do not fit."""

    def make_filter(self) -> ProxiedFilter:
        """One that knows another proxy."""
        return wrong_filter()

    def test_not_named(self) -> None:
        """HAProxy sends headers to a filter that expects none of it."""
        self.filter = wrong_filter()
        self.port = Haproxy(self.filter.section()).ports["scan"]
        self.assertEqual(self.curl("mx1", "/ping").status, 0)
        said = "name it in listeners.scan-front.proxy_protocol"
        wait_until(lambda: said in self.filter.log(), "a line that says what to do", 30)

    def test_not_told(self) -> None:
        """HAProxy sends none to a filter that expects them."""
        asked = ended_filter()
        self.filter = asked
        mark = asked.log_size()
        section = asked.section({" send-proxy-v2-ssl-cn": ""})
        self.port = Haproxy(section).ports["scan"]
        self.assertEqual(self.curl("mx1", "/ping").status, 0)
        wait_until(lambda: "a connection without a header" in asked.log(mark), "a line", 30)


@functools.cache
def wrong_filter() -> ProxiedFilter:
    """Its proxy is elsewhere."""
    return _started(ProxiedFilter(ENDED, {"10.0.0.5": "10.0.0.6"}))
