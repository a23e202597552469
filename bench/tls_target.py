"""Listeners with and without TLS with nothing behind them: `python -m bench.tls_target FOLDER`.

The folder is one that `certify` has filled. Prints a JSON object of the ports, by listener, and
serves until it is ended.
"""

import json
import socket
import sys
from pathlib import Path
from typing import Any

from twisted.internet import reactor as running_reactor

from mailfilter.app.serving import Serving
from mailfilter.codec.control import Credentials, Pair, Trust
from mailfilter.config import Loaded
from mailfilter.config.model import Certificate, Config, Identity, Listener
from tests.authority import Authority

from .dial import NAME
from .http_target import BACKLOG, VERDICTS
from .milter_target import Scanner

reactor: Any = running_reactor

_ANY_PORT = "127.0.0.1", 0
_ENDPOINT = "tcp:0:interface=127.0.0.1"
AUTHORITY, CLIENT = "authority", "client.example.org"
KEYS = ("p256", "rsa")

LISTENERS = {
    "http": Listener(protocol="http", endpoint=_ENDPOINT),
    "milter": Listener(protocol="milter", endpoint=_ENDPOINT),
    "http p256": Listener(protocol="http", endpoint=_ENDPOINT, certificates=("p256",)),
    "http rsa": Listener(protocol="http", endpoint=_ENDPOINT, certificates=("rsa",)),
    "http mutual": Listener(
        protocol="http",
        endpoint=_ENDPOINT,
        certificates=("p256",),
        client_auth="required",
        client_ca="authority.pem",
    ),
    "milter p256": Listener(protocol="milter", endpoint=_ENDPOINT, certificates=("p256",)),
}


def certify(folder: Path) -> None:
    """Make the certificates of the listeners, one of a client, and the authority of all."""
    authority = Authority(folder, AUTHORITY)
    authority.issue(NAME, usage="server", stem="p256")
    authority.issue(NAME, usage="server", stem="rsa", key="rsa")
    authority.issue(CLIENT, usage="client")


def config() -> Config:
    """What is served."""
    return Config(
        listeners=LISTENERS,
        certificates={key: Certificate(chain=f"{key}.crt", key=f"{key}.key") for key in KEYS},
        identities={"client": Identity(dns=(CLIENT,))},
    )


def credentials(folder: Path) -> Credentials:
    """The files, as the master would have read them."""
    pairs = [
        Pair(
            name=key,
            chain=(folder / f"{key}.crt").read_bytes(),
            key=(folder / f"{key}.key").read_bytes(),
        )
        for key in KEYS
    ]
    trust = Trust(listener="http mutual", authorities=(folder / f"{AUTHORITY}.pem").read_bytes())
    return Credentials(pairs=tuple(pairs), trusts=(trust,))


def fail(text: str) -> None:
    """No alarm is expected."""
    raise AssertionError(text)


def serve(folder: Path) -> None:
    """Listen, and say where."""
    loaded = Loaded(config=config(), origins={}, path=None, directory=str(folder))
    scanner = Scanner(VERDICTS["spam"])
    serving = Serving(reactor, loaded, scanner, fail, credentials(folder))
    sockets = {name: socket.create_server(_ANY_PORT, backlog=BACKLOG) for name in LISTENERS}
    for name, sock in sockets.items():
        sock.setblocking(False)
        serving.accept(name, sock, is_shared=False)
    print(json.dumps({name: sock.getsockname()[1] for name, sock in sockets.items()}), flush=True)
    reactor.run()


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
