"""An SMTP client that sends octets as they are, in one piece or in chunks."""

import re
import smtplib

from .harness import Reply

STRANGER = "203.0.113.5"
"""A client from outside: Postfix completes no header of its mail."""


class Client(smtplib.SMTP):
    """A session; it has said EHLO, as `STRANGER` unless the client is to be ourselves.

    `source` is the address that it comes from, if that is not the usual one.
    """

    def __init__(
        self, port: int, *, stranger: bool = True, patience: float = 60.0, source: str = ""
    ) -> None:
        where = (source, 0) if source else None
        super().__init__(
            "127.0.0.1", port, "client.live.test", timeout=patience, source_address=where
        )
        self.ehlo()
        if stranger:
            self.xclient(f"ADDR={STRANGER}", "NAME=client.live.test")

    def xclient(self, *attributes: str) -> None:
        """Be somebody else."""
        code, text = self.docmd("XCLIENT", " ".join(attributes))
        assert code == 220, (code, text)
        self.ehlo()

    def say(self, command: str) -> Reply:
        """Send a command; its reply."""
        return _reply(self.docmd(command))

    def answer(self) -> Reply:
        """The next reply."""
        return _reply(self.getreply())

    def envelope(self, sender: str, *recipients: str, mail: str = "") -> Reply:
        """Give sender (with ESMTP arguments) and recipients; the last reply."""
        reply = self.say(f"MAIL FROM:<{sender}>{mail and ' ' + mail}")
        for recipient in recipients:
            reply = self.say(f"RCPT TO:<{recipient}>")
        return reply

    def data_octets(self, message: bytes) -> Reply:
        """Send a message by DATA; the last line is ended, as it must be there."""
        reply = self.say("DATA")
        if reply.code != 354:
            return reply
        end = b"" if not message or message.endswith(b"\r\n") else b"\r\n"
        self.send(re.sub(rb"(?m)^\.", b"..", message) + end + b".\r\n")
        return self.answer()

    def bdat(self, message: bytes, size: int = 65000) -> Reply:
        """Send a message in chunks of a size; the reply to the last one."""
        pieces = [message[at : at + size] for at in range(0, len(message), size)] or [b""]
        for piece in pieces[:-1]:
            self.send(b"BDAT %d\r\n%b" % (len(piece), piece))
            if (reply := self.answer()).code != 250:
                return reply
        self.send(b"BDAT %d LAST\r\n%b" % (len(pieces[-1]), pieces[-1]))
        return self.answer()

    def vanish(self) -> None:
        """Hang up without a word."""
        self.close()


def _reply(answer: tuple[int, bytes]) -> Reply:
    return Reply(answer[0], answer[1].decode("utf-8", "replace"))
