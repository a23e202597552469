"""What is said of a listener that serves."""

import socket

from twisted.logger import Logger

from ..config.model import Listener

_ANY = ("0.0.0.0", "[::]")

log = Logger()


def tell_ready(name: str, listener: Listener, address: str) -> None:
    """Say where it listens, and where a browser finds the web interface if it has it."""
    log.info(
        "ready: listener {name} speaks {protocol} on {address}",
        name=name,
        protocol=listener.protocol,
        address=address,
    )
    if (url := web_address(listener, address)) is not None:
        log.info("the web interface is at {url}", url=url)


def web_address(listener: Listener, address: str) -> str | None:
    """Where a browser finds the web interface; `None` if this listener has none, or is a file.

    `address` is that of the listener's sockets: `HOST:PORT`, or a path.
    """
    host, _, port = address.rpartition(":")
    if listener.protocol != "controller" or "/" in address or not port.isdigit():
        return None
    scheme = "https" if listener.certificates else "http"
    if host in _ANY:
        host = socket.gethostname()
    return f"{scheme}://{host}:{port}/"
