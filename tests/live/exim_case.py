"""Base of the tests that send through Exim."""

import functools
from collections.abc import Mapping, Sequence
from typing import ClassVar

from .exim import DOMAIN, PASSWORD, RELAY, RSPAMD, SPAMD, USER, Exim
from .harness import SENDER, Filter, MtaCase, Reply, message_file, shared_sink
from .lines import lines_filter
from .smtp import Client

RSPAMD_SERVER = "127.0.0.1 11333 variant"
SPAMD_SERVER = "127.0.0.1 11783"
"""Whom the documented configuration asks."""
SERVICE = "smtp"
SUBMISSION = "submission"
GTUBE = message_file("gtube-reject.eml")


class EximCase(MtaCase):
    """Starts or reuses an Exim; what it delivers is in the sink."""

    needs: ClassVar[Sequence[str]] = ("exim4",)
    service = SERVICE

    def setUp(self) -> None:
        """See `LiveCase.setUp`."""
        super().setUp()
        self.sink = shared_sink()
        self.exim = self.make_exim()
        self.box = self.address(self._testMethodName.lower())

    def make_filter(self) -> Filter:
        """See `LiveCase`."""
        return lines_filter()

    def make_exim(self) -> Exim:
        """The Exim under test; the shared one unless a class needs its own."""
        return rspamd_exim()

    def address(self, name: str) -> str:
        """A recipient that no other class of tests has; of his mail the filter tells."""
        return f"tell-{type(self).__name__.lower()}-{name.replace('.', '-')}@{DOMAIN}"

    @property
    def ports(self) -> Mapping[str, int]:
        """See `MtaCase`."""
        return {SERVICE: self.exim.smtp, SUBMISSION: self.exim.submission}

    def connect(self, service: str = SERVICE, source: str = "") -> Client:
        """A session."""
        client = Client(self.ports[service], stranger=False, source=source)
        self.addCleanup(client.close)
        return client

    def send(
        self,
        message: bytes,
        *recipients: str,
        service: str = "",
        sender: str = SENDER,
        esmtp: Sequence[str] = (),
    ) -> Reply:
        """See `MtaCase`; without QUIT, over whose reply Exim takes 0.2 s."""
        client = self.connect(service or self.service)
        reply = client.envelope(sender, *(recipients or (self.box,)), mail=" ".join(esmtp))
        if reply.code < 400:
            reply = client.data_octets(message)
        client.vanish()
        return reply

    def delivered(self) -> list[bytes]:
        """What has arrived for this test's recipient."""
        return [taken.message for taken in self.sink.to(self.box)]

    def wait_delivered(self) -> bytes:
        """The first message that arrives there."""
        return self.sink.wait_to(self.box)[0].message

    def check_arrived(self, count: int) -> None:
        """So many have arrived, and no more come."""
        self.exim.wait_idle()
        self.assertEqual(len(self.delivered()), count)

    def check_unscanned(self) -> None:
        """Spam of a relay host, and of a user at the submission port, comes in unseen."""
        client = self.connect(source=RELAY)
        client.envelope(SENDER, self.box)
        self.assertEqual(client.data_octets(GTUBE).code, 250)
        client = self.connect(SUBMISSION)
        client.login(USER, PASSWORD)
        client.envelope(SENDER, self.box)
        self.assertEqual(client.data_octets(GTUBE).code, 250)
        self.check_arrived(2)
        self.assertEqual(self.filter.records(self.mark), [])


def documented(server: str, variant: str = "rspamd") -> str:
    """The documented lines, with another server; or several, with all that belongs to each."""
    if variant == "rspamd":
        text, shown = RSPAMD.read_text(), RSPAMD_SERVER
        server = f"{server} variant"
    else:
        text, shown = SPAMD.read_text(), SPAMD_SERVER
    assert shown in text
    return text.replace(shown, server)


@functools.cache
def rspamd_exim() -> Exim:
    """One that asks the shared filter as the documentation says first."""
    return Exim(documented(f"127.0.0.1 {lines_filter().http}"), shared_sink().port)


@functools.cache
def spamd_exim() -> Exim:
    """One that asks it as it would ask SpamAssassin."""
    server = f"127.0.0.1 {lines_filter().spamd}"
    return Exim(documented(server, "spamd"), shared_sink().port)
