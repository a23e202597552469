"""Mail by way of HAProxy: Postfix and a milter listener, spamc and a unix socket."""

import functools
import os
import subprocess
from typing import ClassVar

from twisted.trial.unittest import SkipTest

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
        wait_until(lambda: passed_on(self.filter) >= 6, "connections to be counted")
        self.assertEqual(refused(self.filter), {})

    def test_large(self) -> None:
        """A message of 10 MB."""
        self.assertEqual(self.send(LARGE, service=FIRST).code, 250)
        self.assertGreater(len(self.postfix.wait_mailbox(self.box)[0]), 10_000_000)

    def test_checks(self) -> None:
        """HAProxy looks every now and then whether the filter is there: no word of that."""
        often = "check inter 200ms"
        proxies = [
            Haproxy(self.filter.section({f"check {FIRST}": f"{often} {version}"}))
            for version in (FIRST, SECOND)
        ]
        self.filter.stop()
        for proxy in proxies:
            proxy.wait_said(" is DOWN")
        mark = self.filter.log_size()
        self.filter.start()
        for proxy in proxies:
            proxy.wait_said(" is UP")
        self.assertNotIn(QUIET, self.filter.log(mark))
        self.assertEqual(refused(self.filter), {})


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

    def spamc(self, message: bytes, proxy: Haproxy) -> bytes:
        """What spamc prints of a message."""
        port = str(proxy.ports["lines"])
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
        self.scan_by(lines_proxy())

    def test_locked(self) -> None:
        """HAProxy is nobody in a folder that it cannot leave, as the one of Debian is."""
        if os.geteuid() != 0:
            raise SkipTest("only root can lock HAProxy in a folder")
        section = lines_filter().section(is_locked=True)
        self.scan_by(Haproxy(section, chroot=lines_filter().home))

    def scan_by(self, proxy: Haproxy) -> None:
        before = passed_on(self.filter)
        for message, is_spam in ((HAM, False), (GTUBE, True)):
            printed = self.spamc(message, proxy)
            score, _, threshold = printed.decode().partition("/")
            self.assertEqual(float(score) >= float(threshold), is_spam, printed)
        self.assertEqual(refused(self.filter), {})
        wait_until(lambda: passed_on(self.filter) >= before + 2, "both to be counted")
