"""The listening sockets: bound once by the one process that owns them, handed to those that accept.

A socket outlives those who accept on it, and so do the connections that wait in its queue. For
TCP there is one for each worker (SO_REUSEPORT), so that the kernel shares connections out; what
is a file, or comes from systemd, is one socket for all.
"""

import contextlib
import os
import socket
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address

from twisted.logger import Logger
from twisted.python.systemd import ListenFDs

from ..config import Loaded
from ..config.endpoint import Endpoint, parse_endpoint
from ..config.model import Listener
from ..config.toml_text import key_text, string_text
from .port_owner import explain_bind_error
from .systemd import listen_fds

BACKLOG = 1024
"""Connections that wait to be accepted. When a queue is full the kernel drops the next one, and
its client tries again only after a second."""

DEFAULT_MODE = 0o666
"""Of a unix socket: its folder says who gets there."""

log = Logger()


class BindError(Exception):
    """Listeners cannot be bound; the text says which and why."""


@dataclass(slots=True)
class Bound:
    """The sockets of one address."""

    endpoint: Endpoint
    sockets: list[socket.socket] = field(default_factory=list)
    inode: tuple[int, int] | None = None
    """Device and inode of the file of a unix socket of ours."""

    def close(self) -> None:
        """Close all, and remove the file if it is still ours."""
        for item in self.sockets:
            item.close()
        if self.inode is None or self.is_gone:
            return
        path = self.endpoint.path or ""
        try:
            os.unlink(path)
        except OSError as error:
            # Who has become another user may not; the next start replaces it.
            log.warn("{path} is left behind: {error}", path=path, error=error.strerror)

    @property
    def is_gone(self) -> bool:
        """The file was removed, or another has taken its place: nobody can connect any more."""
        return self.inode is not None and _inode(self.endpoint.path) != self.inode

    def address(self) -> str:
        """For people."""
        return address_text(self.sockets[0])


class Sockets:
    """All sockets of a filter, by address."""

    def __init__(self, systemd: ListenFDs | None = None) -> None:
        self._systemd = listen_fds(os.environ) if systemd is None else systemd
        self._bound: dict[str, Bound] = {}

    def take(self, loaded: Loaded, count: int) -> Mapping[str, Bound]:
        """The sockets of each enabled listener, for so many workers; what is missing is bound.

        Raises BindError with every listener that cannot be bound; then nothing has changed.
        """
        taken: dict[str, Bound] = {}
        fresh: dict[str, Bound] = {}
        problems = []
        for name, listener in enabled(loaded).items():
            key = _identity(name, parse_endpoint(listener.endpoint))
            had = self._bound.get(key)
            if had is not None and not had.is_gone:
                taken[name] = had
                continue
            try:
                taken[name] = fresh[key] = self._bind(listener, count)
            except Exception as error:
                problems.append(_explain(name, listener, error, loaded))
        if problems:
            for bound in fresh.values():
                bound.close()
            raise BindError("\n".join(problems))
        for key in fresh.keys() & self._bound.keys():
            # Until `keep` says that it is not wanted any more.
            gone = self._bound[key]
            self._bound[f"{key} {id(gone)}"] = gone
        self._bound |= fresh
        for name, bound in taken.items():
            self._adapt(bound, parse_endpoint(loaded.config.listeners[name].endpoint), count)
        return taken

    def keep(self, wanted: Mapping[str, Bound]) -> None:
        """Close all others."""
        kept = {id(bound) for bound in wanted.values()}
        for key, bound in list(self._bound.items()):
            if id(bound) not in kept:
                del self._bound[key]
                bound.close()

    def close(self) -> None:
        """Close all."""
        self.keep({})

    def give(self, uid: int, gid: int) -> None:
        """Make a user the owner of the files."""
        for bound in self._bound.values():
            if bound.inode is not None:
                os.chown(bound.endpoint.path or "", uid, gid)

    def _bind(self, listener: Listener, count: int) -> Bound:
        endpoint = parse_endpoint(listener.endpoint)
        bound = Bound(endpoint)
        try:
            if endpoint.kind == "systemd":
                bound.sockets.append(self._inherited(endpoint))
            elif endpoint.path is not None:
                bound.sockets.append(_bind_unix(endpoint, endpoint.path))
                bound.inode = _inode(endpoint.path)
            else:
                self._probe(endpoint)
                bound.sockets.append(_bind_tcp(endpoint, endpoint.port or 0))
                port = bound.sockets[0].getsockname()[1]
                for _ in range(1, count):
                    bound.sockets.append(_bind_tcp(endpoint, port))
                for item in bound.sockets:
                    item.listen(_backlog(endpoint))
        except BaseException:
            bound.close()
            raise
        return bound

    def _adapt(self, bound: Bound, endpoint: Endpoint, count: int) -> None:
        """Bring sockets that we had to a new configuration, as far as that can be done."""
        bound.endpoint = endpoint
        try:
            if bound.inode is not None and endpoint.path is not None:
                os.chmod(endpoint.path, _mode(endpoint))
            while endpoint.port is not None and len(bound.sockets) < count:
                item = _bind_tcp(endpoint, bound.sockets[0].getsockname()[1])
                item.listen(_backlog(endpoint))
                bound.sockets.append(item)
        except OSError as error:
            # Who became another user cannot bind more of them; workers share those there are.
            log.warn("{address}: {error}", address=bound.address(), error=str(error))

    def _inherited(self, endpoint: Endpoint) -> socket.socket:
        name, index = endpoint.parameters.get("name"), endpoint.parameters.get("index")
        if name is not None:
            number = self._systemd.inheritedNamedDescriptors().get(name)
        else:
            found = self._systemd.inheritedDescriptors()
            number = found[int(index or 0)] if int(index or 0) < len(found) else None
        if number is None:
            raise LookupError("systemd has handed over no such socket")
        inherited = socket.socket(fileno=os.dup(number))
        family = endpoint.parameters["domain"]
        if inherited.family != getattr(socket, f"AF_{family}"):
            inherited.close()
            raise LookupError(f"systemd has handed over a socket that is not of domain {family}")
        inherited.setblocking(False)
        return inherited

    def _probe(self, endpoint: Endpoint) -> None:
        """Find out whether others listen there: SO_REUSEPORT would let us in beside them.

        Raises OSError.
        """
        if any(bound.endpoint.clashes(endpoint) for bound in self._bound.values()):
            return  # we do
        with socket.socket(_family(endpoint)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(_address(endpoint, endpoint.port or 0))
            probe.listen(1)


def enabled(loaded: Loaded) -> Mapping[str, Listener]:
    """The listeners that listen."""
    listeners = loaded.config.listeners
    return {name: item for name, item in listeners.items() if item.enabled}


def share(count: int, workers: int) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Who accepts on which of so many sockets of an address: its number, places of workers.

    Every socket has somebody and everybody has one, whichever of the two are more.
    """
    both = max(count, workers)
    for number in range(count):
        places = {at % workers for at in range(both) if at % count == number}
        yield number, tuple(sorted(places))


def address_text(sock: socket.socket) -> str:
    """The address of a socket, for people."""
    name = sock.getsockname()
    if not isinstance(name, tuple):
        return os.fsdecode(name)
    host = f"[{name[0]}]" if ":" in name[0] else name[0]
    return f"{host}:{name[1]}"


def _identity(name: str, endpoint: Endpoint) -> str:
    """What makes two endpoints the same socket."""
    if endpoint.kind == "systemd":
        return str(endpoint)
    if endpoint.path is not None:
        return endpoint.path
    # Port 0 is another port each time.
    return f"{endpoint.interface} {endpoint.port or name}"


def _explain(name: str, listener: Listener, error: Exception, loaded: Loaded) -> str:
    if isinstance(error, OSError):
        return explain_bind_error(name, listener, error, loaded)
    key = key_text(("listeners", name, "endpoint"))
    text = f"cannot be listened on: {error}"
    return str(loaded.problem(key, string_text(listener.endpoint), text))


def _bind_tcp(endpoint: Endpoint, port: int) -> socket.socket:
    opened = socket.socket(_family(endpoint))
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        opened.bind(_address(endpoint, port))
    except BaseException:
        opened.close()
        raise
    opened.setblocking(False)
    return opened


def _bind_unix(endpoint: Endpoint, path: str) -> socket.socket:
    _remove_stale(path)
    opened = socket.socket(socket.AF_UNIX)
    try:
        with _umask(0o177):
            # Nobody connects before its mode is what it should be.
            opened.bind(path)
        os.chmod(path, _mode(endpoint))
        opened.listen(_backlog(endpoint))
    except BaseException:
        opened.close()
        raise
    opened.setblocking(False)
    return opened


@contextlib.contextmanager
def _umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def _remove_stale(path: str) -> None:
    """Remove a unix socket that a dead process left; one that is listened on stays."""
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            return
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(1.0)
            probe.connect(path)
    except ConnectionRefusedError:
        os.unlink(path)
    except OSError:
        return


def _inode(path: str | None) -> tuple[int, int] | None:
    try:
        status = os.stat(path or "")
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _mode(endpoint: Endpoint) -> int:
    given = endpoint.parameters.get("mode")
    return DEFAULT_MODE if given is None else int(given, 8)


def _backlog(endpoint: Endpoint) -> int:
    return int(endpoint.parameters.get("backlog", BACKLOG))


def _family(endpoint: Endpoint) -> socket.AddressFamily:
    version = ip_address(endpoint.interface).version
    return socket.AF_INET6 if version == 6 else socket.AF_INET


def _address(endpoint: Endpoint, port: int) -> tuple[object, ...]:
    """What `bind` takes, with the zone of a link-local address as a number."""
    flags = socket.AI_NUMERICHOST | socket.AI_PASSIVE
    found = socket.getaddrinfo(
        endpoint.interface, port, _family(endpoint), socket.SOCK_STREAM, 0, flags
    )
    return found[0][4]
