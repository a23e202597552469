"""The listening sockets: bound once by the one process that owns them, handed to those that accept.

A socket outlives those who accept on it, and so do the connections that wait in its queue. For
TCP there is one for each worker (SO_REUSEPORT), so that the kernel shares connections out; what
is a file, or comes from systemd, is one socket for all.

A new configuration `take`s what it needs and then has it `commit`ted or `abandon`ed. Until it is
committed nothing changes for those who connect: a socket more that listened would get its share
of the connections, with nobody to accept them.
"""

import contextlib
import errno
import os
import socket
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from twisted.logger import Logger
from twisted.python.systemd import ListenFDs

from ..config import Loaded
from ..config.accounts import find_group, find_user
from ..config.endpoint import Endpoint, parse_endpoint
from ..config.model import Listener
from ..config.toml_text import key_text, string_text
from .bind import bind_tcp, bind_unix, inherit, inode, try_port
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


@dataclass(frozen=True, slots=True)
class Bound:
    """The sockets of one address. Those of two values may be the same; `Sockets` closes them."""

    key: str
    """What is the same for the same sockets, whatever the listener is called."""
    endpoint: Endpoint
    sockets: tuple[socket.socket, ...]
    text: str
    """The address, also when the sockets are closed."""
    inode: tuple[int, int] | None = None
    """Device and inode of the file of a unix socket of ours."""

    @property
    def is_gone(self) -> bool:
        """The file was removed, or another has taken its place: nobody can connect any more."""
        return self.inode is not None and inode(self.endpoint.path) != self.inode

    def address(self) -> str:
        """For people."""
        return self.text


@dataclass(frozen=True, slots=True)
class _Pending:
    """What was taken, and is neither committed nor abandoned."""

    taken: Mapping[str, Bound]
    loaded: Loaded


class Sockets:
    """All sockets of a filter, by address."""

    def __init__(self, systemd: ListenFDs | None = None) -> None:
        self._systemd = listen_fds(os.environ) if systemd is None else systemd
        self._live: tuple[Bound, ...] = ()
        self._pending: list[_Pending] = []

    def take(self, loaded: Loaded, count: int) -> Mapping[str, Bound]:
        """The sockets of each enabled listener, for so many workers; what is missing is bound.

        The new ones do not listen yet. Raises BindError with every listener that cannot be bound;
        then it is as if nobody had asked.
        """
        taken: dict[str, Bound] = {}
        problems = []
        for name, listener in enabled(loaded).items():
            try:
                taken[name] = self._find(name, parse_endpoint(listener.endpoint), count)
            except Exception as error:
                problems.append(_explain(name, listener, error, loaded))
        if problems:
            _release(taken.values(), self._all())
            raise BindError("\n".join(problems))
        self._pending.append(_Pending(taken, loaded))
        return taken

    def commit(self, taken: Mapping[str, Bound]) -> None:
        """Have what `take` has returned be what is listened on, and close all else.

        Does nothing for what is. Raises BindError when one of the new sockets cannot be listened
        on; then those from before still are, and what was taken is to be abandoned.
        """
        live = _sockets(self._live)
        listening: list[socket.socket] = []
        # New addresses first: they may fail, and nobody has come to them yet.
        for name in sorted(taken, key=lambda name: not live.isdisjoint(taken[name].sockets)):
            try:
                _open(taken[name], live, listening)
            except OSError as error:
                _silence(listening)
                raise BindError(self._why(taken, name, error)) from None
        for bound in taken.values():
            if not live.isdisjoint(bound.sockets) and not any(bound is had for had in self._live):
                _adapt(bound)
        before, self._live, self._pending = self._all(), tuple(taken.values()), []
        _release(before, self._live)

    def abandon(self, taken: Mapping[str, Bound]) -> None:
        """Close what `take` has made for this; nothing if it is committed, or abandoned before."""
        left = [pending for pending in self._pending if pending.taken is not taken]
        if len(left) < len(self._pending):
            self._pending = left
            _release(taken.values(), self._all())

    def close(self) -> None:
        """Close all."""
        before, self._live, self._pending = self._all(), (), []
        _release(before, ())

    def give(self, uid: int, gid: int) -> None:
        """Make a user the owner of the files."""
        for bound in self._all():
            if bound.inode is not None:
                own_uid, own_gid = _owner(bound.endpoint)
                path = bound.endpoint.path or ""
                own = (uid if own_uid < 0 else own_uid, gid if own_gid < 0 else own_gid)
                os.chown(path, *own, follow_symlinks=False)

    def _all(self) -> list[Bound]:
        return [*self._live, *(b for pending in self._pending for b in pending.taken.values())]

    def _find(self, name: str, endpoint: Endpoint, count: int) -> Bound:
        """The sockets that we have for an endpoint, and what is missing."""
        key = _identity(name, endpoint)
        # What was taken last has most of them.
        for had in reversed(self._all()):
            if had.key == key and not had.is_gone:
                more = _more(had, endpoint, count)
                if not more and had.endpoint == endpoint:
                    return had
                return replace(had, endpoint=endpoint, sockets=had.sockets + more)
        return self._bind(key, endpoint, count)

    def _bind(self, key: str, endpoint: Endpoint, count: int) -> Bound:
        if endpoint.kind == "systemd":
            opened = inherit(self._systemd, endpoint)
            return Bound(key, endpoint, (opened,), address_text(opened))
        if endpoint.path is not None:
            opened, file = bind_unix(endpoint.path)
            return Bound(key, endpoint, (opened,), address_text(opened), file)
        if not any(bound.endpoint.clashes(endpoint) for bound in self._all()):
            # Where we are ourselves there is nobody else.
            try_port(endpoint)
        return _bind_all(key, endpoint, count)

    def _why(self, taken: Mapping[str, Bound], name: str, error: OSError) -> str:
        for pending in self._pending:
            if pending.taken is taken:
                return _explain(name, enabled(pending.loaded)[name], error, pending.loaded)
        return f"{taken[name].address()}: {error.strerror}"


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


def _bind_all(key: str, endpoint: Endpoint, count: int) -> Bound:
    """A socket of TCP for each worker. Raises OSError."""
    opened = [bind_tcp(endpoint, endpoint.port or 0)]
    try:
        port = opened[0].getsockname()[1]
        while len(opened) < count:
            opened.append(bind_tcp(endpoint, port))
    except BaseException:
        for item in opened:
            item.close()
        raise
    return Bound(key, endpoint, tuple(opened), address_text(opened[0]))


def _more(had: Bound, endpoint: Endpoint, count: int) -> tuple[socket.socket, ...]:
    """What lacks for so many workers, as far as it can be had."""
    opened: list[socket.socket] = []
    if endpoint.port is None:
        return ()
    try:
        while len(had.sockets) + len(opened) < count:
            opened.append(bind_tcp(endpoint, had.sockets[0].getsockname()[1]))
    except OSError as error:
        # Who became another user cannot bind more of them; workers share those there are.
        log.warn("{address}: {error}", address=had.address(), error=str(error))
    return tuple(opened)


def _open(bound: Bound, live: set[socket.socket], listening: list[socket.socket]) -> None:
    """Listen on those that are not live, and put them down. Raises OSError."""
    fresh = [item for item in bound.sockets if item not in live]
    if bound.inode is not None and fresh:
        _set_access(bound)
    for item in fresh:
        if bound.endpoint.kind != "systemd":
            item.listen(_backlog(bound.endpoint))
            listening.append(item)


def _adapt(bound: Bound) -> None:
    """Bring sockets that were live to a new configuration, as far as that can be done."""
    try:
        if bound.inode is not None:
            _set_access(bound)
        for item in bound.sockets:
            if bound.endpoint.kind != "systemd":
                item.listen(_backlog(bound.endpoint))
    except OSError as error:
        log.warn("{address}: {error}", address=bound.address(), error=str(error))


def _set_access(bound: Bound) -> None:
    if bound.is_gone:
        raise OSError(errno.ENOENT, "its file was removed or replaced")
    path, given = bound.endpoint.path or "", bound.endpoint.parameters.get("mode")
    uid, gid = _owner(bound.endpoint)
    if (uid, gid) != (-1, -1):
        _chown(path, uid, gid)
    # Last: until then nobody but its owner gets there.
    os.chmod(path, DEFAULT_MODE if given is None else int(given, 8))


def _chown(path: str, uid: int, gid: int) -> None:
    """Raises OSError, unless it is as it should be already."""
    status = os.lstat(path)
    if uid in (-1, status.st_uid) and gid in (-1, status.st_gid):
        return
    try:
        os.chown(path, uid, gid, follow_symlinks=False)
    except OSError as error:
        raise OSError(error.errno, f"cannot change the owner: {error.strerror}") from None


def _owner(endpoint: Endpoint) -> tuple[int, int]:
    """Ids of the user and the group that a file is for; -1 is not said. Raises OSError."""
    user, group = endpoint.parameters.get("user"), endpoint.parameters.get("group")
    found = (-1, -1) if user is None else find_user(user)
    if found is None:
        raise OSError(errno.EINVAL, f"there is no user {user}")
    gid = -1 if group is None else find_group(group)
    if gid is None:
        raise OSError(errno.EINVAL, f"there is no group {group}")
    return found[0], gid


def _silence(listening: Iterable[socket.socket]) -> None:
    """Listen no more, at once for everybody who has these sockets.

    Workers that were to accept still have them after they are closed here; until those are dead
    connections would go to them that belong to sockets of before.
    """
    for item in listening:
        if item.family != socket.AF_UNIX:
            with contextlib.suppress(OSError):
                item.shutdown(socket.SHUT_RDWR)


def _backlog(endpoint: Endpoint) -> int:
    return int(endpoint.parameters.get("backlog", BACKLOG))


def _sockets(bounds: Iterable[Bound]) -> set[socket.socket]:
    return {item for bound in bounds for item in bound.sockets}


def _release(bounds: Iterable[Bound], kept: Iterable[Bound]) -> None:
    """Close the sockets that are not kept, and remove their files if those are still ours."""
    wanted = _sockets(kept)
    for bound in bounds:
        for item in bound.sockets:
            # Of one that is closed the inode may by now be that of another file.
            if item in wanted or item.fileno() < 0:
                continue
            if bound.inode is not None and not bound.is_gone:
                _remove(bound.endpoint.path or "")
            item.close()


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError as error:
        # Who has become another user may not; the next start replaces it.
        log.warn("{path} is left behind: {error}", path=path, error=error.strerror)
