"""Real MTAs find the filter at the addresses that `mailfilteradm mta` prints."""

import re
from collections.abc import Sequence
from typing import ClassVar

from twisted.trial.unittest import SkipTest

from mailfilter.client.mta.snippets import snippet
from mailfilter.config.model import Listener

from .harness import Filter, LiveCase, message_file, shared_sink, smtp_send
from .postfix import Postfix
from .postfix_cf import Smtpd
from .processes import free_port
from .sendmail import DOMAIN, SENDMAIL, Sendmail, has_ipv6

BOX = f"addresses@{DOMAIN}"


class PathTests(LiveCase):
    """A filter at a path with words that m4 knows."""

    needs: ClassVar[Sequence[str]] = ("master", str(SENDMAIL), "m4", "saslpasswd2")
    needs_root = True
    endpoint: ClassVar[str] = "unix:{home}/dnl/include/milter.sock"

    def make_filter(self) -> Filter:
        """A filter with a listener of its own."""
        own = Filter(start=False)
        self.addCleanup(own.kill)
        (own.home / "dnl/include").mkdir(parents=True)
        endpoint = self.endpoint.format(home=own.home, port=free_port())
        own.configure(f"[listeners.own]\nprotocol = 'milter'\nendpoint = '{endpoint}'\n")
        own.start()
        self.listener = Listener(protocol="milter", endpoint=endpoint)
        return own

    def found(self, mta: str, pattern: str) -> str:
        """What stands in the lines for the listener."""
        (found,) = re.findall(pattern, snippet(mta, self.listener))
        return str(found)

    def check_asked(self, port: int) -> None:
        """The filter has its say."""
        reply = smtp_send(port, message_file("gtube-reject.eml"), [BOX])
        self.assertEqual((reply.code, reply.text), (554, "5.7.1 Gtube pattern"))

    def test_postfix(self) -> None:
        """Postfix does."""
        milter = self.found("postfix", r"(?m)^smtpd_milters = (\S+)$")
        postfix = Postfix({"own": Smtpd(milter)}, shared_sink().port)
        self.addCleanup(postfix.stop)
        self.check_asked(postfix.ports["own"])

    def test_sendmail(self) -> None:
        """So does Sendmail."""
        own = self.found("sendmail", r"INPUT_MAIL_FILTER\(`mailfilter', `(.*)'\)dnl")
        documented = f"inet:{self.filter.milter}@127.0.0.1"
        sendmail = Sendmail(documented, {"own": own}, shared_sink().port)
        self.addCleanup(sendmail.stop)
        self.check_asked(sendmail.ports["own"])


class SixTests(PathTests):
    """A filter at an IPv6 address."""

    endpoint = r"tcp6:{port}:interface=\:\:1"

    def make_filter(self) -> Filter:
        """Skips on a host without IPv6; the peers have been looked for before."""
        if not has_ipv6():
            raise SkipTest("no ::1 on this host")
        return super().make_filter()
