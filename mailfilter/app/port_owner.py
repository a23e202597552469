"""Why a listener cannot be bound, in words that name the owner and the setting to change."""

import errno
import os
import pwd
import sys
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from ..config import Loaded
from ..config.endpoint import Endpoint, parse_endpoint
from ..config.model import Listener
from ..config.paths import DEFAULT_PATH
from ..config.toml_text import key_text, string_text

PROC = Path("/proc")

_LISTENING = "0A"
_ACCEPTING = 0x10000
"""__SO_ACCEPTCON in the flags of /proc/net/unix."""


_NO_FILE = f"{DEFAULT_PATH} (or in the file that --config FILE names)"


class _Socket(NamedTuple):
    inode: str
    uid: int | None


def describe_owner(host: str, port: int) -> str | None:
    """Who listens on a TCP port: `pid 1234 (postfix)`, or the user if the process is hidden.

    `host` is an IP address; a wildcard address meets every other. `None` when nobody is found.
    """
    return _owner(_tcp_sockets(host, port))


def describe_unix_owner(path: str) -> str | None:
    """Who listens on a unix socket; see `describe_owner`."""
    return _owner(_unix_sockets(path))


def explain_bind_error(name: str, listener: Listener, cause: OSError, loaded: Loaded) -> str:
    """One line: the setting and where it is set, what is wrong, and what to change."""
    key = key_text(("listeners", name, "endpoint"))
    endpoint = parse_endpoint(listener.endpoint)
    origin = loaded.origin(key)
    where = "here" if origin.file is not None else f"in {loaded.path or _NO_FILE}"
    what, change = _reason(endpoint, cause)
    hint = f"set {change} {where}, or {key_text(('listeners', name))}.enabled = false"
    return str(loaded.problem(key, string_text(listener.endpoint), what, hint))


def _reason(endpoint: Endpoint, cause: OSError) -> tuple[str, str]:
    """What is wrong, and what to set otherwise."""
    number, words = cause.errno, cause.strerror
    if endpoint.path is not None:
        owner = describe_unix_owner(endpoint.path)
        used = f"the socket is in use by {owner}" if owner else f"cannot be bound: {words or cause}"
        return used, "another path"
    if number == errno.EADDRINUSE and endpoint.port is not None:
        owner = describe_owner(endpoint.interface, endpoint.port)
        used = f"port {endpoint.port} is in use"
        return (f"{used} by {owner}" if owner else used), "another port"
    if number == errno.EACCES:
        return f"port {endpoint.port} may only be bound by root", "a port from 1024 on"
    if number == errno.EADDRNOTAVAIL:
        return f"this machine has no address {endpoint.interface}", "another interface"
    return f"cannot be bound: {words or cause}", "another endpoint"


def _owner(sockets: Iterator[_Socket]) -> str | None:
    found = list(sockets)
    if not found:
        return None
    pid = _pid_of({socket.inode for socket in found})
    if pid is not None:
        return f"pid {pid} ({_command(pid)})"
    uid = found[0].uid
    return "a process that is not shown to us" if uid is None else f"a process of {_user(uid)}"


def _tcp_sockets(host: str, port: int) -> Iterator[_Socket]:
    wanted = ip_address(host.partition("%")[0])
    for table in ("tcp", "tcp6"):
        for line in _lines(PROC / "net" / table):
            # sl local remote st queues timer retransmits uid timeout inode
            columns = line.split()
            if len(columns) < 10 or columns[3] != _LISTENING:
                continue
            address, _, port_text = columns[1].partition(":")
            if int(port_text, 16) != port:
                continue
            found = ip_address(_address(address))
            if found == wanted or int(found) == 0 or int(wanted) == 0:
                yield _Socket(columns[9], int(columns[7]))


def _address(text: str) -> bytes:
    """An address as the kernel prints it: 32-bit words in the machine's byte order."""
    words = (text[at : at + 8] for at in range(0, len(text), 8))
    return b"".join(int(word, 16).to_bytes(4, sys.byteorder) for word in words)


def _unix_sockets(path: str) -> Iterator[_Socket]:
    for line in _lines(PROC / "net" / "unix"):
        # num references protocol flags type state inode path
        columns = line.split(maxsplit=7)
        if len(columns) == 8 and columns[7] == path and int(columns[3], 16) & _ACCEPTING:
            yield _Socket(columns[6], None)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8", "replace").splitlines()[1:]
    except OSError:
        return []


def _pid_of(inodes: set[str]) -> int | None:
    """A process that has one of the sockets open, as far as we may look."""
    targets = {f"socket:[{inode}]" for inode in inodes}
    pids = sorted(int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit())
    return next((pid for pid in pids if not targets.isdisjoint(_open_files(pid))), None)


def _open_files(pid: int) -> Iterator[str]:
    directory = PROC / str(pid) / "fd"
    try:
        names = os.listdir(directory)
    except OSError:
        return
    for name in names:
        try:
            yield os.readlink(directory / name)
        except OSError:
            continue


def _command(pid: int) -> str:
    try:
        return (PROC / str(pid) / "comm").read_text("utf-8", "replace").strip()
    except OSError:
        return "?"


def _user(uid: int) -> str:
    try:
        return f"user {pwd.getpwuid(uid).pw_name}"
    except KeyError:
        return f"user {uid}"
