"""Commands that look into the store, run in this process over a store in memory."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from click.testing import CliRunner, Result
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.app.plan import load_all
from mailfilter.app.tls_files import page_of_files
from mailfilter.client import with_store
from mailfilter.client.adm import main
from mailfilter.client.options import Knowledge
from mailfilter.config import paths
from mailfilter.config.model import HistorySettings
from mailfilter.report.history import Recorder
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.verdict import Verdict
from mailfilter.store.base import Store
from mailfilter.store.memory import MemoryStore

T = TypeVar("T")


class KeptOpen(MemoryStore):
    """Stays as it is when a command closes it."""

    async def close(self) -> None:
        """Do nothing."""


class StoreCommandCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.store: Store = KeptOpen(self.clock)
        self.store.open()
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()
        (self.folder / "store.sqlite").touch()
        self.patch(paths, "DEFAULT_PATH", str(self.folder / "default.toml"))
        self.patch(with_store, "run_in_reactor", self.run_now)
        self.patch(with_store, "make_store", lambda *_args, **_named: self.store)

    def run_now(self, work: Callable[[Any], Coroutine[Any, Any, T]]) -> T:
        answers: list[T] = []
        failures: list[Failure] = []
        done = Deferred.fromCoroutine(work(self.clock))
        done.addCallbacks(answers.append, failures.append)
        for failure in failures:
            failure.raiseException()
        return answers[0]

    def run_main(self, *arguments: str, config: str = "", state: str = "") -> Result:
        """Run a command with a configuration and a state directory of its own."""
        path = self.folder / "m.toml"
        path.write_text(config)
        where = ["--config", str(path), "--state-dir", state or str(self.folder)]
        knowledge = Knowledge(load_all=load_all, tls_page=page_of_files)
        return CliRunner().invoke(
            main, [*arguments, *where], prog_name="mailfilteradm", obj=knowledge
        )

    def remember(
        self, envelope: Envelope, *verdicts: Verdict, at: float = 0.0, **settings: Any
    ) -> None:
        """Store scans, as the filter does."""
        recorder = Recorder(
            self.store, HistorySettings(**settings), self.clock, wall_clock=lambda: at
        )
        for verdict in verdicts:
            recorder(envelope, verdict)
        stopped = Deferred.fromCoroutine(recorder.stop(1.0))
        self.clock.advance(0)
        self.successResultOf(stopped)
