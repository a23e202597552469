"""From the listeners of the configuration to sockets with a protocol behind them."""

import os
import socket
import stat
from collections.abc import Mapping
from dataclasses import replace

from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort, IReactorTime
from twisted.internet.protocol import Factory
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from ..config import Loaded
from ..config.endpoint import Endpoint, parse_endpoint
from ..config.model import Listener
from ..config.toml_text import key_text, string_text
from ..scan.run import Scanner
from ..servers.milter import MilterFactory
from ..servers.scan_http import HttpFactory
from .port_owner import explain_bind_error

FACTORIES = {"http": HttpFactory, "milter": MilterFactory}
"""Protocol -> the factory that speaks it. A new protocol adds its line here."""

DRAIN_INTERVAL = 0.05
"""Seconds between two looks at whether the scans under way have ended."""

BACKLOG = 1024
"""Connections that wait to be accepted. When Twisted's 50 are there the kernel drops the next,
and its client tries again only after a second."""

log = Logger()


class BindError(Exception):
    """Listeners cannot be bound; the text says which and why."""


class Listeners(Service):
    """All listeners of a configuration; none listens unless all can."""

    def __init__(
        self, reactor: IReactorTime, loaded: Loaded, scanner: Scanner, *, daemon: bool = False
    ) -> None:
        self._reactor = reactor
        self._loaded = loaded
        self._scanner = scanner
        self._daemon = daemon
        self._ports: dict[str, IListeningPort] = {}
        self._bound = False

    def privilegedStartService(self) -> None:
        """Bind every socket, while we may still be root.

        Raises SystemExit with every listener that cannot be bound; as a daemon BindError, which
        twistd tells the command that started it.
        """
        self._bound = True
        problems = []
        for name, listener in self._enabled().items():
            try:
                self._ports[name] = self._listen(name, listener)
            except CannotListenError as error:
                problems.append(explain_bind_error(name, listener, error, self._loaded))
            except Exception as error:
                # A systemd socket that was not handed over is a KeyError, and so on.
                key, value = (
                    key_text(("listeners", name, "endpoint")),
                    string_text(listener.endpoint),
                )
                text = f"cannot be listened on: {type(error).__name__}: {error}"
                problems.append(str(self._loaded.problem(key, value, text)))
        if problems:
            self._unbind()
            raise self._failure("\n".join(problems))

    def _failure(self, text: str) -> BaseException:
        if not self._daemon:
            return SystemExit(text)
        log.critical("{text}", text=text)
        return BindError(text)

    def _unbind(self) -> None:
        """Give back what was bound; the reactor, which would remove the files, never runs."""
        for port in self._ports.values():
            port.stopListening()
            path = getattr(port.getHost(), "name", None)
            if path is not None:
                os.unlink(path)
        self._ports.clear()

    def startService(self) -> None:
        """Bind if that has not been done, and say what listens where."""
        if not self._bound:
            self.privilegedStartService()
        Service.startService(self)
        for name, port in self._ports.items():
            protocol = self._loaded.config.listeners[name].protocol
            log.info(
                "ready: listener {name} speaks {protocol} on {address}",
                name=name,
                protocol=protocol,
                address=_address(port),
            )

    def stopService(self) -> Deferred[None]:
        """Stop accepting; fires when every socket is closed and every scan has been answered."""
        Service.stopService(self)
        return Deferred.fromCoroutine(self._drain())

    async def _drain(self) -> None:
        ports, self._ports = self._ports, {}
        await DeferredList([maybeDeferred(port.stopListening) for port in ports.values()])
        deadline = self._reactor.seconds() + self._loaded.config.scan.timeout
        while self._scanner.running and self._reactor.seconds() < deadline:
            await deferLater(self._reactor, DRAIN_INTERVAL)
        # Once more, for the last reply to leave.
        await deferLater(self._reactor, DRAIN_INTERVAL)

    def _enabled(self) -> Mapping[str, Listener]:
        listeners = self._loaded.config.listeners
        return {name: item for name, item in listeners.items() if item.enabled}

    def _listen(self, name: str, listener: Listener) -> IListeningPort:
        description = _with_defaults(parse_endpoint(listener.endpoint))
        if description.path is not None:
            _remove_stale_socket(description.path)
        endpoint = serverFromString(self._reactor, str(description))
        factory: Factory = FACTORIES[listener.protocol](
            self._scanner, name, listener, self._reactor
        )
        return _now(endpoint.listen(factory))


def _with_defaults(endpoint: Endpoint) -> Endpoint:
    """Our defaults in place of Twisted's, for what the operator leaves open."""
    if endpoint.kind == "systemd":
        return endpoint
    ours = {"backlog": str(BACKLOG)}
    if endpoint.path is not None:
        # A lock file outlives a crash and then trusts a number of a process; we ask the socket.
        ours["lockfile"] = "0"
    missing = {name: value for name, value in ours.items() if name not in endpoint.parameters}
    return replace(endpoint, parameters={**endpoint.parameters, **missing})


def _now(listening: Deferred[IListeningPort]) -> IListeningPort:
    """The port of an endpoint that binds at once, as those for listening do."""
    ports: list[IListeningPort] = []
    failures: list[Failure] = []
    listening.addCallbacks(ports.append, failures.append)
    if failures:
        failures[0].raiseException()
    return ports[0]


def _remove_stale_socket(path: str) -> None:
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


def _address(port: IListeningPort) -> str:
    host = port.getHost()
    name = getattr(host, "name", None)
    if name is not None:
        return os.fsdecode(name)
    address = str(getattr(host, "host", ""))
    if ":" in address:
        address = f"[{address}]"
    return f"{address}:{getattr(host, 'port', '')}"
