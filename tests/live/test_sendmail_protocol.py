"""What the documented configuration makes Sendmail tell a filter, and when."""

import functools

from .harness import SENDER, message_file, shared_sink
from .milter_recorder import SILENT, Recorded, Recorder
from .processes import wait_until
from .sendmail import DOCUMENTED, Sendmail
from .sendmail_case import SendmailCase
from .smtp import Client

HAM = message_file("ham.eml")


@functools.cache
def recorders() -> dict[str, Recorder]:
    """Filters by the port that asks them; they ask for no macros: the configuration says which."""
    return {DOCUMENTED: Recorder(), "silent": Recorder(SILENT)}


@functools.cache
def recorded_sendmail() -> Sendmail:
    """A Sendmail that asks them."""
    asked = {name: f"inet:{each.port}@127.0.0.1" for name, each in recorders().items()}
    filters = {"silent": f"S={asked['silent']}, F=T"}
    return Sendmail(asked[DOCUMENTED], filters, shared_sink().port)


class SendmailProtocolTests(SendmailCase):
    """Macros and the order of commands."""

    def make_sendmail(self) -> Sendmail:
        """One that asks the recorder."""
        return recorded_sendmail()

    def record(self, *steps: str, service: str = DOCUMENTED, tls: bool = False) -> Recorded:
        """What is told of a session of these commands; DATA stands for a message."""
        with Client(self.sendmail.ports[service], stranger=False) as client:
            if tls:
                client.starttls(context=self.sendmail.client_context())
                client.ehlo()
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
        told = self.record(f"MAIL FROM:<{SENDER}>", f"RCPT TO:<{self.box}>", "DATA", tls=True)
        connect = told.macros["C"]
        self.assertEqual(connect["j"], "mx.live.test")
        self.assertEqual(connect["{daemon_name}"], DOCUMENTED)
        self.assertEqual(connect["{client_addr}"], "127.0.0.1")
        self.assertEqual(connect["{client_name}"], "localhost")
        self.assertTrue({"_", "v", "{client_port}", "{client_ptr}"} <= connect.keys(), connect)
        helo = {"{tls_version}", "{cipher}", "{cipher_bits}", "{verify}"}
        self.assertTrue(helo <= told.macros["H"].keys(), told.macros["H"])
        self.assertEqual(told.macros["M"]["{mail_addr}"], SENDER)
        self.assertEqual(told.macros["R"]["{rcpt_addr}"], self.box)
        self.assertEqual(told.macros["E"]["{msg_id}"], "<ham-1@example.org>")
        self.assertEqual(told.macros["E"]["i"], told.macros["M"]["i"])

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
