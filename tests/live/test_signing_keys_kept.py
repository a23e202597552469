"""Keys that sign mail come and go while the filter runs: what each process signs by then."""

import json
import os
import signal
from pathlib import Path

from mailfilter.client.tls_show import show_text
from tests.app.signing_case import pem, seed
from tests.live.harness import Filter, LiveCase, message_file
from tests.live.processes import wait_until
from tests.live.scan_client import Connection, with_length
from tests.live.test_certificates_kept import PATIENCE

_CONFIG = """\
[tls]
watch = "200ms"

[signing_keys.ours]
domain = "example.org"
selector = "table"
file = "{home}/dkim.table"

[signing]
folders = ["{home}/dkim"]
maps = ["{home}/dkim.map"]
"""
BY_KEYS = '''\
"""Tells by which process a message is scanned, and which keys it has."""

import os
from typing import ClassVar

from mailfilter.scan.check import Check, Hit, Stage, Symbol


class ByKeys(Check):
    name = "by_keys"
    stage = Stage.MAIN
    symbols = {"KEYS": Symbol(0.0, "test", "the process and its selectors")}

    def run(self, task):
        selectors = (key.selector for key in self.given.keys.find("example.org"))
        return [Hit("KEYS", options=(str(os.getpid()), *selectors))]
'''
HAM = with_length(message_file("ham.eml"))


class SigningFilter(Filter):
    """A filter with keys in all places: a table, a folder, and a map."""

    def __init__(self, workers: int) -> None:
        super().__init__(start=False, workers=workers)
        (self.home / "checks" / "by_keys.py").write_text(BY_KEYS)
        (self.home / "dkim").mkdir()
        self.put("dkim.table", pem(1))
        self.put_map("map")
        self.configure(_CONFIG.format(home=self.home))

    def put(self, name: str, data: bytes, mode: int = 0o600) -> Path:
        """Replace a file at once."""
        new = self.home / "new"
        new.write_bytes(data)
        new.chmod(mode)
        return new.rename(self.home / name)

    def put_map(self, *selectors: str) -> None:
        """A map with a key for each."""
        lines = (f"example.org {selector} {seed(9)}\n" for selector in selectors)
        self.put("dkim.map", "".join(lines).encode())

    def known_by(self) -> tuple[int, tuple[str, ...]]:
        """The process that has scanned a message, and the selectors of its keys."""
        connection = Connection(self.http, PATIENCE)
        head = f"POST /checkv2 HTTP/1.1\r\nContent-Length: {len(HAM)}\r\n\r\n"
        connection.write(head.encode() + HAM)
        status, body = connection.read_reply()
        connection.close()
        assert status == 200, body
        pid, *selectors = json.loads(body)["symbols"]["KEYS"]["options"]
        return int(pid), tuple(selectors)

    def serving(self) -> set[int]:
        """Process ids of those who serve."""
        return {item["pid"] for item in self.status()["workers"] if item["state"] == "serving"}


class KeptCase(LiveCase):
    filter: SigningFilter
    workers = 2

    def make_filter(self) -> SigningFilter:
        """See `LiveCase`."""
        own = SigningFilter(self.workers)
        self.addCleanup(own.kill)
        own.start()
        return own

    def wait_known(self, *selectors: str) -> None:
        """Every process has these keys."""
        last: dict[int, tuple[str, ...]] = {}

        def look() -> bool:
            last.update([self.filter.known_by()])
            return all(last.get(pid) == selectors for pid in self.filter.serving())

        wait_until(look, f"every process to know {selectors}", PATIENCE)

    def wait_alarm(self, text: str) -> None:
        def look() -> bool:
            return any(text in alarm["text"] for alarm in self.filter.status()["alarms"])

        wait_until(look, f"an alarm with {text!r}", PATIENCE)

    def check_changed(self) -> None:
        self.wait_known("table", "map")
        self.filter.put("dkim/example.org.folder.key", pem(2))
        self.wait_known("table", "folder", "map")
        self.filter.put_map("map", "more")
        self.wait_known("table", "folder", "map", "more")
        (self.filter.home / "dkim/example.org.folder.key").unlink()
        self.wait_known("table", "map", "more")
        events = self.filter.status()["events"]
        self.assertEqual((events["signing_keys_added"], events["signing_keys_gone"]), (2, 1))
        self.assertEqual(self.filter.status()["alarms"], [])


class WorkersTests(KeptCase):
    def test_changed(self) -> None:
        """Each worker knows them, and those that come later."""
        self.check_changed()
        victim = min(self.filter.serving())
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: len(self.filter.serving() - {victim}) == 2, "another worker", PATIENCE)
        self.wait_known("table", "map", "more")

    def test_spoilt(self) -> None:
        """The one before goes on, with an alarm; a reload says it, too, and all others change."""
        self.wait_known("table", "map")
        self.filter.put("dkim.table", pem(2), mode=0o644)
        self.filter.put("dkim.map", b"example.org map\n")
        self.wait_alarm("a private key in a file that everybody may read")
        self.wait_alarm("dkim.map:1: signing.maps: expected a domain, a selector, and a file")
        self.filter.put("dkim/example.org.folder.key", pem(3))
        self.wait_known("table", "folder", "map")
        done = self.filter.adm("reload")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("what was used before goes on", done.stderr)
        self.wait_known("table", "folder", "map")
        shown = show_text(self.filter.status(), 0.0)
        self.assertIn("signing key table._domainkey.example.org\n  trouble", shown)
        self.filter.put("dkim.table", pem(1))
        self.filter.put_map("mended")
        self.wait_known("table", "folder", "mended")


class OneProcessTests(KeptCase):
    workers = 1

    def test_changed(self) -> None:
        """So does a filter that is one process."""
        self.check_changed()
