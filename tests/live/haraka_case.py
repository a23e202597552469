"""Base of the tests that send through Haraka."""

import functools
from collections.abc import Mapping

from twisted.trial.unittest import SkipTest

from . import npm
from .delivered import values
from .haraka import Haraka
from .harness import shared_filter, shared_sink
from .scan_mta import ScanMtaCase


class HarakaCase(ScanMtaCase):
    """Starts or reuses the shared Haraka; what it delivers is in the sink."""

    needs_root = False
    service = "documented"
    soft_reject = "4.7.1 {}"
    default_soft_reject = "Deferred by policy"
    away = 450

    def setUp(self) -> None:
        """See `LiveCase.setUp`."""
        if why := npm.why_missing():
            raise SkipTest(why)
        super().setUp()
        self.sink = shared_sink()
        self.haraka = self.make_haraka()
        self.box = self.address(self._testMethodName)

    def make_haraka(self) -> Haraka:
        """The Haraka under test; the shared one unless a class needs its own."""
        return shared_haraka()

    @property
    def ports(self) -> Mapping[str, int]:
        """See `MtaCase`."""
        return {self.service: self.haraka.port}

    def wait_idle(self) -> None:
        """It hands on before it answers."""

    def is_marked(self, message: bytes) -> bool:
        """Whether it has the fields of the documented configuration."""
        bars = [value.strip() for value in values(message, "X-Spam-Bar")]
        return bars == ["++++++"] and values(message, "X-Spam-Score") == ["6"]


def at_port(port: int) -> str:
    """The address of a filter in Haraka's configuration."""
    return f"host = 127.0.0.1\nport = {port}\n"


@functools.cache
def shared_haraka() -> Haraka:
    """A Haraka that asks the shared filter as documented."""
    return Haraka(at_port(shared_filter().http), shared_sink().port)
