"""Base of the tests that send through Sendmail."""

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from .harness import MtaCase, Reply, shared_filter, shared_sink
from .sendmail import DOCUMENTED, DOMAIN, SENDMAIL, Sendmail


class SendmailCase(MtaCase):
    """Starts or reuses the shared Sendmail; what it delivers is in the sink."""

    needs: ClassVar[Sequence[str]] = (str(SENDMAIL), "m4", "saslpasswd2")
    service = DOCUMENTED

    def setUp(self) -> None:
        """See `LiveCase.setUp`."""
        super().setUp()
        self.sink = shared_sink()
        self.sendmail = self.make_sendmail()
        self.box = self.out = self.address(self._testMethodName.lower())

    def make_sendmail(self) -> Sendmail:
        """The Sendmail under test; the shared one unless a class needs its own."""
        return shared_sendmail()

    def address(self, name: str) -> str:
        """A recipient that no other class of tests has: the sink takes mail for all of them."""
        return f"{type(self).__name__.lower()}-{name}@{DOMAIN}"

    @property
    def ports(self) -> Mapping[str, int]:
        """See `MtaCase`."""
        return self.sendmail.ports

    def delivered(self) -> list[bytes]:
        """What has arrived for this test's recipient."""
        return [taken.message for taken in self.sink.to(self.box)]

    def wait_delivered(self) -> bytes:
        """The first message that arrives there."""
        return self.sink.wait_to(self.box)[0].message

    def wait_idle(self) -> None:
        """Wait until every accepted message is delivered."""
        self.sendmail.wait_idle()

    def held(self, reply: Reply) -> list[Path]:
        """The queue files of a message that was accepted and quarantined."""
        queue_id = reply.text.split()[1]
        files = [path for path in self.sendmail.queued() if path.name.endswith(queue_id)]
        return files if f"hf{queue_id}" in {path.name for path in files} else []


@functools.cache
def shared_sendmail() -> Sendmail:
    """A Sendmail with a port for each way to reach the shared filter, and one without it."""
    tcp = f"inet:{shared_filter().milter}@127.0.0.1"
    filters = {
        "open": f"S={tcp}",
        "unix": f"S=local:{shared_filter().unix}, F=T",
        "none": "",
    }
    return Sendmail(tcp, filters, shared_sink().port)
