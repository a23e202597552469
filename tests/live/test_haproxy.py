"""HAProxy that ends TLS, with the configurations of docs/proxy.md, and where it does not fit."""

import functools
from pathlib import Path
from typing import ClassVar

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config import load

from . import peers
from .haproxy import ENDED, OTHERS, PAGE, Haproxy, ProxiedFilter
from .haproxy_case import HAM, CurlCase, other_address, passed_on, refused, started
from .processes import free_port, wait_until
from .stunnel import Stunnel
from .tls_page import SERVER, all_blocks, block, here, issue, run


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
def ended_filter() -> ProxiedFilter:
    """One whose clients' TLS HAProxy ends."""
    made = started(ProxiedFilter(ENDED))
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
        before = passed_on(self.filter)
        self.assertIsNone(self.scan("")["identity"])
        self.assertEqual(self.scan("mx1")["identity"], "mx1")
        wait_until(lambda: passed_on(self.filter) >= before + 2, "both to be counted")
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
def wrong_filter() -> ProxiedFilter:
    """Its proxy is elsewhere."""
    return started(ProxiedFilter(ENDED, {"10.0.0.5": "10.0.0.6"}))


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
