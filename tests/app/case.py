"""What tests of sockets share: a folder with a short path, and a configuration of listeners."""

import os
import socket
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from twisted.internet import reactor
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from mailfilter.app.sockets import BindError, Bound, Sockets
from mailfilter.config import Config, Loaded
from mailfilter.config.model import Listener
from mailfilter.config.problem import Origin

CLOCK = IReactorTime(reactor)
SECONDS = 10.0
"""Until a test that waits for nothing fails."""
PATH = "/etc/mailfilter.toml"
"""Where configurations pretend to come from."""


class SocketCase(TestCase):
    """Sockets of one's own in a folder of one's own."""

    def setUp(self) -> None:
        # Short, for the path of a unix socket.
        self.folder = Path(mkdtemp())
        self.addCleanup(rmtree, self.folder)

    def loaded(self, **endpoints: str) -> Loaded:
        """A configuration with these listeners, the first one set in line 1 of its file."""
        listeners = {
            name: Listener(protocol="http", endpoint=text) for name, text in endpoints.items()
        }
        origins = {
            f"listeners.{name}.endpoint": Origin(PATH, line)
            for line, name in enumerate(endpoints, 1)
        }
        return Loaded(Config(listeners=listeners), origins, PATH, str(self.folder))

    def listening(self, address: tuple[str, int] | str, *, shared: bool = False) -> socket.socket:
        """A socket of somebody else, by the same process."""
        opened = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
        self.addCleanup(opened.close)
        if shared:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        opened.bind(address)
        opened.listen()
        return opened

    async def until(self, condition: Callable[[], bool]) -> None:
        """Let the reactor turn until something holds."""
        for _ in range(int(SECONDS * 200)):
            if condition():
                return
            await deferLater(CLOCK, 0.005)
        self.fail("waited for nothing")


class SocketsCase(SocketCase):
    """Takes sockets of the filter."""

    def setUp(self) -> None:
        super().setUp()
        self.sockets = Sockets()
        self.addCleanup(self.sockets.close)

    def take(self, count: int = 1, /, **endpoints: str) -> Mapping[str, Bound]:
        """Bound, and nothing else has changed."""
        return self.sockets.take(self.loaded(**endpoints), count)

    def serve(self, count: int = 1, /, **endpoints: str) -> Mapping[str, Bound]:
        """Bound and listening, and all others closed."""
        taken = self.take(count, **endpoints)
        self.sockets.commit(taken)
        return taken

    def refused(self, count: int = 1, /, **endpoints: str) -> list[str]:
        with self.assertRaises(BindError) as caught:
            self.take(count, **endpoints)
        return str(caught.exception).splitlines()

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())

    def mode(self, path: str) -> int:
        return stat.S_IMODE(os.stat(path).st_mode)


def descriptors(bound: Bound) -> list[int]:
    return [item.fileno() for item in bound.sockets]


def ports(bound: Bound) -> list[int]:
    return [item.getsockname()[1] for item in bound.sockets]


def is_listening(item: socket.socket) -> bool:
    return bool(item.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))


def is_closed(bound: Bound) -> bool:
    return descriptors(bound) == [-1] * len(bound.sockets)


def is_free(port: int) -> bool:
    """Whether nobody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
