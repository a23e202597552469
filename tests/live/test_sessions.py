"""SMTP sessions of every course, through Postfix and Sendmail."""

from . import courses
from .harness import PostfixCase
from .sendmail import DOCUMENTED, REFUSED
from .sendmail_case import SendmailCase
from .smtp import Client


class PostfixSessionTests(PostfixCase, courses.CourseCases):
    """Postfix, by each way and each version."""

    services = ("tcp", "unix", "documented", "v4", "v3", "v2")
    other = "other@box.test"
    nobody = "nobody@elsewhere.test"

    def setUp(self) -> None:
        """Name the recipient of whose mail the filter tells."""
        super().setUp()
        self.box = f"tell-{self._testMethodName}@sink.test"

    def connect(self, service: str = "") -> Client:
        """A session of a client from outside."""
        return Client(self.postfix.ports[service or self.service])

    def delivered(self) -> list[bytes]:
        """See `ForcedCase`."""
        return [taken.message for taken in self.sink.to(self.box)]

    def wait_idle(self) -> None:
        """See `ForcedCase`."""
        self.postfix.wait_idle()


class SendmailSessionTests(SendmailCase, courses.CourseCases):
    """Sendmail; it knows no BDAT."""

    services = (DOCUMENTED, "unix", "open")
    other = "other-sm@sink.test"
    nobody = REFUSED
    has_bdat = False
    is_impatient = True

    def setUp(self) -> None:
        """Name the recipient of whose mail the filter tells."""
        super().setUp()
        self.box = f"tell-sm-{self._testMethodName}@sink.test"

    def connect(self, service: str = "") -> Client:
        """A session."""
        return Client(self.sendmail.ports[service or self.service], stranger=False)
