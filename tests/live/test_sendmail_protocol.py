"""What the documented configuration makes Sendmail tell a filter, and when."""

import functools

from twisted.trial.unittest import SkipTest

from .harness import SENDER, message_file, shared_sink
from .milter_recorder import SETS_MACROS, SILENT, Recorded, Recorder
from .postfix_keys import why_no_sasl
from .processes import wait_until
from .sendmail import DOCUMENTED, PASSWORD, USER, Sendmail
from .sendmail_case import SendmailCase
from .smtp import Client

HAM = message_file("ham.eml")
WANTED = {0: "j {client_ptr}", 2: "{mail_addr}", 3: "{rcpt_addr}", 5: "i", 6: "v"}
"""Macros by their stages. Sendmail takes the list of the message's end (5) only beside one of the
header's end (6)."""


@functools.cache
def recorders() -> dict[str, Recorder]:
    """Filters by the port that asks them; only the last asks for macros."""
    return {
        DOCUMENTED: Recorder(),
        "silent": Recorder(SILENT),
        "listed": Recorder(wanted=WANTED),
    }


@functools.cache
def recorded_sendmail() -> Sendmail:
    """A Sendmail that asks them."""
    asked = {name: f"inet:{each.port}@127.0.0.1" for name, each in recorders().items()}
    filters = {name: f"S={asked[name]}, F=T" for name in ("silent", "listed")}
    return Sendmail(asked[DOCUMENTED], filters, shared_sink().port)


class SendmailProtocolTests(SendmailCase):
    """Macros and the order of commands."""

    def make_sendmail(self) -> Sendmail:
        """One that asks the recorder."""
        return recorded_sendmail()

    def record(self, *steps: str, service: str = DOCUMENTED, own: bool = False) -> Recorded:
        """What is told of a session of these commands; DATA stands for a message.

        A client with a certificate of its `own` has a login, too.
        """
        with Client(self.sendmail.ports[service], stranger=False) as client:
            if own:
                context = self.sendmail.client_context()
                context.load_cert_chain(*self.sendmail.authority.issue("client", subject="server"))
                client.starttls(context=context)
                client.login(USER, PASSWORD)
            for step in steps:
                reply = client.data_octets(HAM) if step == "DATA" else client.say(step)
                self.assertEqual(reply.code, 250, step)
        # Others only looked whether the port is open.
        (session,) = [each for each in recorders()[service].sessions if "M" in each.commands]
        wait_until(lambda: session.is_over, "the session to end")
        recorders()[service].sessions.clear()
        return session

    def test_macros(self) -> None:
        """All that the configuration lists and that has a value."""
        if why := why_no_sasl():
            raise SkipTest(why)
        told = self.record(f"MAIL FROM:<{SENDER}>", f"RCPT TO:<{self.box}>", "DATA", own=True)
        connect = told.macros["C"]
        self.assertEqual(connect["j"], "mx.live.test")
        self.assertEqual(connect["{daemon_name}"], DOCUMENTED)
        self.assertEqual(connect["{client_addr}"], "127.0.0.1")
        self.assertEqual(connect["{client_name}"], "localhost")
        self.assertTrue({"_", "v", "{client_port}", "{client_ptr}"} <= connect.keys(), connect)
        helo = {"{tls_version}", "{cipher}", "{cipher_bits}", "{verify}"}
        self.assertTrue(helo <= told.macros["H"].keys(), told.macros["H"])
        self.assertEqual(told.macros["H"]["{verify}"], "OK")
        self.assertEqual(told.macros["H"]["{cert_subject}"], "/CN=server")
        self.assertEqual(told.macros["H"]["{cert_issuer}"], "/CN=authority")
        self.assertEqual(told.macros["M"]["{auth_authen}"].partition("@")[0], USER)
        self.assertEqual(told.macros["M"]["{auth_type}"], "PLAIN")
        self.assertEqual(told.macros["M"]["{mail_addr}"], SENDER)
        self.assertEqual(told.macros["R"]["{rcpt_addr}"], self.box)
        self.assertEqual(told.macros["E"]["{msg_id}"], "<ham-1@example.org>")
        self.assertEqual(told.macros["E"]["i"], told.macros["M"]["i"])

    def test_list(self) -> None:
        """A filter that asks for macros gets those, and none that only the configuration has."""
        told = self.record(
            f"MAIL FROM:<{SENDER}>", f"RCPT TO:<{self.box}>", "DATA", service="listed"
        )
        self.assertTrue(told.offered & SETS_MACROS)
        stages = {"C": {"j", "{client_ptr}"}, "M": {"{mail_addr}"}, "R": {"{rcpt_addr}"}}
        stages |= {"E": {"i"}, "N": {"v"}}
        for stage, names in stages.items():
            self.assertEqual(told.macros[stage].keys(), names, stage)

    def test_two_messages(self) -> None:
        """One after the other: nothing between them."""
        steps = (f"MAIL FROM:<{SENDER}>", f"RCPT TO:<{self.box}>", "DATA")
        for service in recorders():
            told = self.record(*steps, *steps, service=service)
            self.assertEqual(told.commands, "CHMRTLLLLLLLNBEMRTLLLLLLLNBEQ")

    def test_rset(self) -> None:
        """A message is aborted if the filter has answered to it; if not, the next MAIL does it."""
        steps = (f"MAIL FROM:<{SENDER}>", f"RCPT TO:<{self.box}>")
        told = self.record(*steps, "RSET", *steps, "DATA")
        self.assertEqual(told.commands, "CHMRAMRTLLLLLLLNBEQ")
        told = self.record(*steps, "RSET", *steps, "DATA", service="silent")
        self.assertEqual(told.commands, "CHMRMRTLLLLLLLNBEQ")
