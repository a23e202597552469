"""Filters whose controller wants passwords, and how it is asked."""

import functools
import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .harness import Filter, LiveCase, message_file
from .processes import wait_until
from .scan_client import Connection, with_length

LOOK, CHANGE = "look-at-it", "change-it"
"""Passwords, of `password` and of `enable_password`."""
READER, WRITER = {"Password": LOOK}, {"Password": CHANGE}
NETWORKS = "192.0.2.0/24 documentation\n198.51.100.7\n"
HAM = message_file("ham.eml")

_WHO = '''\
"""Which worker has scanned a message, and what a map says of its client."""

import os

from mailfilter.scan.check import Check, Hit, Symbol


class Who(Check):
    name = "who"
    symbols = {
        "WHO": Symbol(1.0, "live", "scanned by that process"),
        "LISTED": Symbol(2.0, "live", "the address of the client is on a list"),
    }

    def run(self, task):
        hits = [Hit("WHO", 1.0, (str(os.getpid()),))]
        address = task.envelope.client_ip
        if address is not None and (found := self.given.maps["partners"].find(str(address))):
            hits.append(Hit("LISTED", 1.0, (found.key, found.value)))
        return hits
'''

_HASHES = "$scrypt$ln=10,r=8,p=1"
_CONTROLLER = f"""\
[controller]
password = "{_HASHES}$MDEyMzQ1Njc4OWFiY2RlZg$eJhywU4uXGwyCKWiLJSQC96C84oC/ylK6T2l3asbVUk"
enable_password = "{_HASHES}$ZmVkY2JhOTg3NjU0MzIxMA$ybGdr13sF9qGfbwli9eaZSUxkmIBglfigXKhcFoX1mg"
max_auth_failures = 1000

[maps.partners]
kind = "networks"
file = "partners.map"
description = "whom we know"
watch = "0.2s"
"""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the controller has said."""

    status: int
    reason: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def value(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


def ask(
    port: int,
    path: str,
    body: bytes | str | None = None,
    headers: Mapping[str, str] | None = None,
    method: str = "",
) -> Reply:
    """Send a request; POST if there is a body."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        sent = body.encode() if isinstance(body, str) else body
        client.request(method or ("GET" if sent is None else "POST"), path, sent, headers or {})
        reply = client.getresponse()
        names = {name.lower(): value for name, value in reply.getheaders()}
        return Reply(reply.status, reply.reason, names, reply.read())
    finally:
        client.close()


def make_controlled(workers: int = 2, secure: str = "", more: str = "") -> Filter:
    """A filter with passwords, a map, and a check that tells who has scanned; not started."""
    made = Filter(start=False, workers=workers, server='drain_timeout = "3s"\nstop_timeout = "3s"')
    (made.home / "checks/who.py").write_text(_WHO)
    (made.home / "partners.map").write_text(NETWORKS)
    text = _CONTROLLER.replace("partners.map", str(made.home / "partners.map"))
    if secure:
        text = text.replace("[maps", f'secure_ip = ["{secure}"]\n\n[maps')
    made.configure(text + more)
    return made


@functools.cache
def controlled_filter() -> Filter:
    """One that tests share which leave nothing behind."""
    made = make_controlled()
    made.start()
    return made


class ControllerCase(LiveCase):
    """Base of tests that ask a controller."""

    def make_filter(self) -> Filter:
        """The one that has passwords."""
        return controlled_filter()

    def ask(
        self,
        path: str,
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        method: str = "",
    ) -> Reply:
        """Send a request to the controller."""
        return ask(self.filter.controller, path, body, headers, method)


class Worker:
    """A connection to a worker, kept so that always the same one answers."""

    def __init__(self, port: int) -> None:
        self._connection = Connection(port)
        self.pid = int(self.symbols()["WHO"]["options"][0])

    def symbols(self, client: str = "203.0.113.1") -> dict[str, Any]:
        """The symbols of a message from an address, as this worker scans it now."""
        verdict = self._connection.scan(with_length(HAM, [("IP", client)]))
        found: dict[str, Any] = verdict["symbols"]
        return found

    def verdict(self) -> dict[str, Any]:
        """All that is said of a message."""
        return self._connection.scan(with_length(HAM))

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


def meet_workers(asked: Filter, count: int = 2) -> list[Worker]:
    """A connection to each worker of the newest generation, which has so many.

    AssertionError if one is not met.
    """
    met: dict[int, Worker] = {}

    def look() -> bool:
        pids = _serving(asked)
        try:
            worker = Worker(asked.http)
        except (OSError, IndexError):
            # One that leaves may take a connection, and then not answer.
            return False
        if worker.pid in pids and worker.pid not in met:
            met[worker.pid] = worker
        else:
            worker.close()
        return len(pids) == count and met.keys() >= pids

    wait_until(look, f"{count} workers, of which {len(met)} were met", 60)
    return list(met.values())


def _serving(asked: Filter) -> set[int]:
    status = asked.status()
    generation = status["generation"]
    return {
        item["pid"]
        for item in status["workers"]
        if item["state"] == "serving" and item["generation"] == generation
    }
