"""Mail by way of HAProxy: Postfix and a milter listener, spamc and a unix socket."""

import functools
import subprocess
from typing import ClassVar

from . import peers
from .delivered import values
from .haproxy import LINES, MILTER, Haproxy, ProxiedFilter
from .haproxy_case import FIRST, GTUBE, HAM, LARGE, QUIET, SECOND, passed_on, refused, started
from .harness import LiveCase, PostfixCase, shared_sink, wish
from .postfix import Postfix
from .postfix_cf import Smtpd
from .processes import wait_until


@functools.cache
def milter_filter() -> ProxiedFilter:
    """The one of the page."""
    return started(ProxiedFilter(MILTER))


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


@functools.cache
def lines_filter() -> ProxiedFilter:
    """One with a unix socket."""
    return started(ProxiedFilter(LINES))


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
