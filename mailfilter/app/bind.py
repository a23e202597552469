"""Make single sockets: of TCP, of files, and of what systemd has handed over.

Those that are bound here do not listen yet: until then the kernel gives them no connections.
"""

import contextlib
import errno
import os
import socket
import stat
from collections.abc import Iterator
from ipaddress import ip_address

from twisted.python.systemd import ListenFDs

from ..config.endpoint import Endpoint

_KEEP_ALIVE = {
    socket.TCP_KEEPIDLE: 300,
    socket.TCP_KEEPINTVL: 60,
    socket.TCP_KEEPCNT: 5,
}
"""Seconds of silence before the first question and between two, and questions without answer."""


def bind_tcp(endpoint: Endpoint, port: int) -> socket.socket:
    """One of several sockets of an address. Raises OSError."""
    opened = socket.socket(_family(endpoint))
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        keep_alive(opened)
        opened.bind(_address(endpoint, port))
    except BaseException:
        opened.close()
        raise
    opened.setblocking(False)
    return opened


def keep_alive(sock: socket.socket) -> None:
    """Have the connections of a socket of TCP, which inherit it, be asked whether they still are.

    Of a peer whose machine is gone nothing else tells before the connection has been idle for long.
    Raises OSError.
    """
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _KEEP_ALIVE.items():
        sock.setsockopt(socket.IPPROTO_TCP, option, value)


def try_port(endpoint: Endpoint) -> None:
    """Find out whether others listen there: SO_REUSEPORT would let us in beside them.

    Raises OSError.
    """
    with socket.socket(_family(endpoint)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(_address(endpoint, endpoint.port or 0))
        probe.listen(1)


def bind_unix(path: str) -> tuple[socket.socket, tuple[int, int]]:
    """A socket that is a file, and the file's device and inode; a stale one is replaced.

    Raises OSError.
    """
    _remove_stale(path)
    opened = bind_private(path)
    found = inode(path)
    if found is None:
        opened.close()
        raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))
    opened.setblocking(False)
    return opened, found


def bind_private(path: str) -> socket.socket:
    """A socket that is a file of mode 600: nobody else connects before its mode is set.

    Raises OSError.
    """
    opened = socket.socket(socket.AF_UNIX)
    try:
        with _umask(0o177):
            opened.bind(path)
    except BaseException:
        opened.close()
        raise
    return opened


def inode(path: str | None) -> tuple[int, int] | None:
    """Device and inode of a file, if there is one."""
    try:
        status = os.stat(path or "")
    except OSError:
        return None
    return status.st_dev, status.st_ino


def inherit(systemd: ListenFDs, endpoint: Endpoint) -> socket.socket:
    """A listening socket that systemd has handed over. Raises LookupError, OSError."""
    duplicate = os.dup(_descriptor(systemd, endpoint))
    try:
        inherited = socket.socket(fileno=duplicate)
    except OSError:
        os.close(duplicate)
        raise LookupError("what systemd has handed over is not a socket") from None
    wrong = _unfit(inherited, endpoint.parameters["domain"])
    if wrong is not None:
        inherited.close()
        raise LookupError(f"systemd has handed over a socket that {wrong}")
    inherited.setblocking(False)
    if not inherited.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE):
        # Unless its unit says how; and not all protocols have it.
        with contextlib.suppress(OSError):
            keep_alive(inherited)
    return inherited


def _descriptor(systemd: ListenFDs, endpoint: Endpoint) -> int:
    name, index = endpoint.parameters.get("name"), int(endpoint.parameters.get("index", 0))
    if name is not None:
        number = systemd.inheritedNamedDescriptors().get(name)
    else:
        number = dict(enumerate(systemd.inheritedDescriptors())).get(index)
    if number is None:
        raise LookupError("systemd has handed over no such socket")
    return number


def _unfit(inherited: socket.socket, domain: str) -> str | None:
    """Why nobody can accept on a socket."""
    if inherited.family != getattr(socket, f"AF_{domain}"):
        return f"is not of domain {domain}"
    if inherited.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE) != socket.SOCK_STREAM:
        return "is not of type stream (ListenStream= of its unit)"
    if not inherited.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        return "does not listen (its unit must not set Accept=yes)"
    return None


@contextlib.contextmanager
def _umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def _remove_stale(path: str) -> None:
    """Remove a unix socket that a dead process left; one that is listened on stays.

    It does not wait: where the queue is full there is somebody.
    """
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            return
        with socket.socket(socket.AF_UNIX) as probe:
            probe.setblocking(False)
            probe.connect(path)
    except ConnectionRefusedError:
        os.unlink(path)
    except OSError:
        return


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
