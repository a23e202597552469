"""Settings of Postfix that matter to the filter: which macros it sends, and how long it waits."""

import functools
import re

from .harness import Filter, PostfixCase, message_file, shared_sink, wish
from .postfix import Postfix
from .postfix_cf import DOCUMENTED, Smtpd

HAM = message_file("ham.eml")
ADVICE = re.compile(r"the MTA '?Postfix [^\"]*")


@functools.cache
def own_filter() -> Filter:
    """A filter of one process, whose checks may take longer than usual."""
    own = Filter(start=False, workers=1)
    text = own.config.read_text().replace('timeout = "3s"', 'timeout = "20s"')
    own.config.write_text(text.replace("[scan]\n", '[scan]\ntimeout = "25s"\n'))
    own.start()
    return own


@functools.cache
def own_postfix() -> Postfix:
    """A Postfix as documented, one that tells little, and one that does not wait for long."""
    tcp = f"inet:127.0.0.1:{own_filter().milter}"
    stages = ("helo", "mail", "rcpt", "data", "end_of_header", "end_of_data")
    few = {f"milter_{stage}_macros": "" for stage in stages} | {"milter_connect_macros": "v"}
    services = {
        "documented": DOCUMENTED,
        "silent": Smtpd(tcp, protocol=2, options=few),
        "hasty": Smtpd(tcp, options={"milter_content_timeout": "7s"}),
    }
    return Postfix(services, shared_sink().port, tcp)


class SettingsTests(PostfixCase):
    """What the log says of them, and what they do to mail."""

    def setUp(self) -> None:
        """Take the Postfix of our own."""
        super().setUp()
        self.postfix = own_postfix()

    def make_filter(self) -> Filter:
        """The filter that the Postfix of our own asks."""
        return own_filter()

    def advice(self, service: str) -> list[str]:
        """What the log says of the macros that a service does not send with two messages."""
        for _ in range(2):
            self.assertEqual(self.send(HAM, service=service).code, 250)
        self.postfix.wait_mailbox(self.box, 2)
        return ADVICE.findall(self.filter.log(self.mark))

    def test_documented(self) -> None:
        """With the documented settings nothing is missing."""
        self.assertEqual(self.advice("documented"), [])

    def test_silent(self) -> None:
        """What is missing is said once, with the setting that mends it."""
        (line,) = self.advice("silent")
        for name, setting in (
            ("i", "add i to milter_end_of_data_macros"),
            ("j", "add j to milter_connect_macros"),
            ("auth_authen", "add {auth_authen} to milter_mail_macros"),
            ("tls_version", "add {tls_version} to milter_helo_macros"),
        ):
            self.assertRegex(line, rf"the macro {name}\b[^;]*\({re.escape(setting)}[,)]")
        self.assertNotIn("Sendmail", line)

    def test_progress(self) -> None:
        """Postfix waits beyond its time-out for a filter that says that it is at work."""
        message = wish({"Delay": "9", "Symbol": "FORCE_ONE 0.5"})
        self.assertEqual(self.send(message, service="hasty").code, 250)
        self.assertEqual(len(self.postfix.wait_mailbox(self.box)), 1)
        (record,) = self.filter.records(self.mark)
        self.assertIn("FORCE_ONE", [symbol["name"] for symbol in record["symbols"]])
