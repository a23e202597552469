"""Real MTAs find the filter at the addresses that `mailfilteradm mta` prints."""

import re
from collections.abc import Sequence
from typing import ClassVar

from twisted.trial.unittest import SkipTest

from mailfilter.client.mta.snippets import snippet
from mailfilter.config.model import Listener

from .harness import LISTENERS, Filter, LiveCase, message_file, shared_sink, smtp_send
from .postfix import Postfix
from .postfix_cf import Smtpd
from .processes import free_port, wait_until
from .sendmail import DOMAIN, SENDMAIL, Sendmail, has_ipv6

BOX = f"addresses@{DOMAIN}"


class AddressTests(LiveCase):
    """A filter at an IPv6 address and at a path with a word that m4 knows."""

    needs: ClassVar[Sequence[str]] = ("master", str(SENDMAIL), "m4", "saslpasswd2")
    needs_root = True

    def make_filter(self) -> Filter:
        """A filter with listeners of its own."""
        if not has_ipv6():
            raise SkipTest("this host has no IPv6")
        own = Filter(start=False)
        self.addCleanup(own.kill)
        port = free_port()
        folder = own.home / "dnl" / "include"
        folder.mkdir(parents=True)
        endpoints = {
            "six": rf"tcp6:{port}:interface=\:\:1",
            "path": f"unix:{folder}/milter.sock",
        }
        with own.config.open("a") as config:
            for name, endpoint in endpoints.items():
                table = f"[listeners.{name}]\nprotocol = 'milter'\nendpoint = '{endpoint}'\n"
                config.write(table)
        own.start()
        wait_until(lambda: own.log().count("ready: listener") == LISTENERS + 2, "all listeners")
        self.listeners = {
            name: Listener(protocol="milter", endpoint=endpoint)
            for name, endpoint in endpoints.items()
        }
        return own

    def found(self, mta: str, pattern: str) -> dict[str, str]:
        """What stands in the lines for each listener."""
        return {
            name: re.findall(pattern, snippet(mta, listener))[0]
            for name, listener in self.listeners.items()
        }

    def check_asked(self, ports: dict[str, int]) -> None:
        """At each port the filter has its say."""
        for name in self.listeners:
            reply = smtp_send(ports[name], message_file("gtube-reject.eml"), [BOX])
            self.assertEqual((name, reply.code, reply.text), (name, 554, "5.7.1 Gtube pattern"))

    def test_postfix(self) -> None:
        """Postfix does."""
        milters = self.found("postfix", r"(?m)^smtpd_milters = (\S+)$")
        services = {name: Smtpd(milter) for name, milter in milters.items()}
        postfix = Postfix(services, shared_sink().port)
        self.addCleanup(postfix.stop)
        self.check_asked(postfix.ports)

    def test_sendmail(self) -> None:
        """So does Sendmail."""
        filters = self.found("sendmail", r"INPUT_MAIL_FILTER\(`mailfilter', `(.*)'\)dnl")
        documented = f"inet:{self.filter.milter}@127.0.0.1"
        sendmail = Sendmail(documented, filters, shared_sink().port)
        self.addCleanup(sendmail.stop)
        self.check_asked(sendmail.ports)
