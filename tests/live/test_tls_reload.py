"""Certificates are renewed under load, in every worker, and no request is lost."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from bench.soak_filter import SoakFilter
from bench.soak_load import Load
from bench.soak_tls import CERTIFICATES, Spoiling
from mailfilter.client.control import ask
from tests.live.harness import LiveCase, message_file
from tests.live.processes import wait_until
from tests.live.workers_met import Met, meet

ROUNDS = 10
"""Renewals by each way: twice as many in all."""
REQUESTS = 10_000
"""Answered meanwhile, by each way."""
CLIENTS = 12
"""Two of each kind: three listeners, connections that are kept or not."""
WORKERS = 2
PATIENCE = 60.0
"""Seconds for anything: the machine may be busy."""
SPOILT: dict[int, Spoiling] = {2: "half-written", 5: "mismatched", 7: "expired"}
"""Number of a renewal -> what is in place before."""


class RenewalCase(LiveCase):
    """A filter of two workers and clients that never stop asking, all by TLS."""

    watch: ClassVar[str]
    filter: SoakFilter
    ends_connections: ClassVar[bool] = False
    """Whether those of HTTP end some seconds after a renewal."""

    def make_filter(self) -> SoakFilter:
        """One of its own."""
        own = SoakFilter(WORKERS, watch=self.watch)
        self.addCleanup(own.kill)
        return own

    def notice(self) -> None:
        """Have the filter look at its files."""

    def check_kept(self, met: list[Met]) -> None:
        """Connections from before a renewal are answered by whom they were; they are closed."""
        for one in met:
            self.assertEqual(one.connection.worker(), one.pid)
            one.connection.close()

    def renewals(self) -> None:
        """All of them, under load."""
        with self.load() as load:
            met = self.meet_all(self.filter.site.serial)
            for number in range(ROUNDS):
                if number in SPOILT:
                    met = self.spoil(SPOILT[number], met)
                met = self.renew(met)
                load.wait(REQUESTS // ROUNDS, PATIENCE)
            for one in met:
                one.connection.close()
        self.assertEqual(load.failures, [])
        self.assertGreaterEqual(load.count, REQUESTS)

    @contextmanager
    def load(self) -> Iterator[Load]:
        """The clients, which all send one message."""
        folder = Path(self.mktemp())
        folder.mkdir()
        (folder / "ham.eml").write_bytes(message_file("ham.eml"))
        options = ("--messages", str(folder.absolute()))
        with Load(self.filter.site.addresses, CLIENTS, *options) as load:
            load.wait(CLIENTS, PATIENCE)
            yield load

    def renew(self, met: list[Met]) -> list[Met]:
        """Once: connections to each worker, which has the new certificate."""
        self.filter.site.renew()
        renewed = self.settle(met)
        self.assertEqual(self.troubles(), ["", ""])
        return renewed

    def spoil(self, how: Spoiling, met: list[Met]) -> list[Met]:
        """Put something in place that is no good: it is told, and each worker has the old one."""
        mark = self.filter.log_size()
        self.filter.site.spoil(how)
        renewed = self.settle(met)
        wait_until(lambda: all(self.troubles()), f"a {how} certificate to be told", PATIENCE)
        self.filter.wait_log("alarm: ", mark, PATIENCE)
        for one in renewed:
            one.connection.close()
        return self.meet_all(self.filter.site.serial)

    def settle(self, met: list[Met]) -> list[Met]:
        """The files are new: connections to each worker, with the last good certificate."""
        self.notice()
        if self.ends_connections:
            self.check_kept(met)
        renewed = self.meet_all(self.filter.site.serial)
        if not self.ends_connections:
            self.check_kept(met)
        return renewed

    def troubles(self) -> list[str]:
        """What is wrong with each certificate."""
        shown = self.filter.status()["certificates"]
        return [shown[name]["trouble"] for name in CERTIFICATES]

    def meet_all(self, serial: int) -> list[Met]:
        """Connect until each worker has shown this certificate, on each listener.

        One that has does not show another one later.
        """
        found: dict[tuple[str, int], Met] = {}

        def look() -> bool:
            for name, address in self.filter.site.addresses.items():
                met = meet(name, address)
                if met.serial == serial and found.setdefault((name, met.pid), met) is met:
                    continue
                met.connection.close()
                if met.serial != serial:
                    self.assertNotIn((name, met.pid), found)
            return found.keys() >= self.wanted()

        wait_until(look, f"each worker to show certificate {serial}", PATIENCE)
        # Those of the generation before may have taken some in the same moment.
        for key in found.keys() - self.wanted():
            found.pop(key).connection.close()
        return list(found.values())

    def wanted(self) -> set[tuple[str, int]]:
        """Each listener with each worker that serves."""
        return set(itertools.product(self.filter.site.addresses, self.serving()))

    def serving(self) -> list[int]:
        """Process ids of the workers that serve."""
        workers = self.filter.status()["workers"]
        return [item["pid"] for item in workers if item["state"] == "serving"]


class ByReloadTests(RenewalCase):
    """New generations have the new certificate; nobody looks at the files in between."""

    watch = "0s"
    ends_connections = True

    def setUp(self) -> None:
        """Signals and commands in turn."""
        super().setUp()
        self._is_signal = itertools.cycle((True, False))

    def test_under_load(self) -> None:
        """Every other time by a signal, else as `mailfilteradm reload` does it."""
        self.renewals()
        self.assertGreaterEqual(self.filter.generation(), ROUNDS)

    def notice(self) -> None:
        """See `RenewalCase`."""
        if next(self._is_signal):
            self.filter.reload()
            return
        answer = ask([self.filter.state], "reload")
        self.assertEqual(answer.error, "")


class ByFilesTests(RenewalCase):
    """Workers stay, and have the new certificate for new connections."""

    watch = "300ms"

    def test_under_load(self) -> None:
        """Files are replaced, and nobody is told."""
        before = self.serving()
        self.renewals()
        self.assertEqual(self.serving(), before)
