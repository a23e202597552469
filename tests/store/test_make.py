"""Which store a configuration means."""

import os
import subprocess
import sys

from twisted.internet import reactor
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.model import StoreSettings
from mailfilter.store import make_store, store_path
from mailfilter.store.embedded import EmbeddedStore
from mailfilter.store.memory import MemoryStore
from mailfilter.store.redis import RedisStore

KINDS = {"memory": MemoryStore, "embedded": EmbeddedStore, "redis": RedisStore}


def ignore(text: str) -> None:
    """Nobody listens."""


class MakeTests(SynchronousTestCase):
    """Stores of a configuration."""

    def test_kinds(self) -> None:
        """Each kind has its store, which says so itself."""
        for kind, store in KINDS.items():
            settings = StoreSettings(kind=kind)  # type: ignore[arg-type]
            made = make_store(reactor, settings, "/nonexistent", ignore, ignore)
            self.assertIs(type(made), store)
            self.assertEqual(made.kind, kind)

    def test_path(self) -> None:
        """The embedded one is in the state directory, unless it is put elsewhere."""
        self.assertEqual(store_path(StoreSettings(), "/state"), "/state/store.sqlite")
        self.assertEqual(store_path(StoreSettings(path="/else"), "/state"), "/else")

    def test_imports(self) -> None:
        """To import what opens stores chooses no reactor: that is for who starts the process."""
        program = "import sys, mailfilter.app.master, mailfilter.app.adm;"
        program += "sys.exit('twisted.internet.reactor' in sys.modules)"
        done = subprocess.run([sys.executable, "-c", program], env=os.environ, check=False)
        self.assertEqual(done.returncode, 0)
