"""A filter whose store is away, slow or moved: mail is scanned all the same, and remembered."""

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

from . import peers
from .harness import Filter, LiveCase, message_file
from .processes import wait_until
from .redis import Server
from .scan_client import CRLF, Connection, head

SETTINGS = """\
[store]
kind = "{kind}"
timeout = "500ms"

[store.redis]
servers = ["127.0.0.1:{port}"]
"""

SCAN_SECONDS = 2.0
"""A scan takes some milliseconds; one that waited for the store would take longer than this when
there are several of them."""


def filter_with(kind: str, port: int = 1) -> Filter:
    """A filter of that store, not started."""
    made = Filter(start=False)
    fragments = made.home / "conf.d"
    fragments.mkdir()
    (fragments / "store.toml").write_text(SETTINGS.format(kind=kind, port=port))
    return made


class StoreCase(LiveCase):
    """A filter of our own."""

    kind = "redis"

    def make_filter(self) -> Filter:
        """Not started yet, so that tests can say how the store is then."""
        if why := peers.why_missing("redis-server"):
            self.skipTest(why)
        self.server = Server()
        self.addCleanup(self.server.stop)
        made = filter_with(self.kind, self.server.port)
        (made.home / "filter.log").touch()
        self.addCleanup(made.kill)
        return made

    def adm(self, *arguments: str, code: int = 0) -> str:
        """Run `mailfilteradm` beside the filter; what it prints."""
        done = self.filter.adm(*arguments)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def scan(self, count: int, name: str) -> None:
        """Scan so many messages, each in good time."""
        body = message_file("ham.eml")
        begun = time.monotonic()
        connection = Connection(self.filter.http)
        for number in range(count):
            fields = [("Queue-Id", f"{name}{number}"), ("Content-Length", str(len(body)))]
            verdict = connection.scan(head(fields) + CRLF + body)
            self.assertEqual(verdict["action"], "no action")
        connection.close()
        self.assertLess(time.monotonic() - begun, SCAN_SECONDS)

    def remembered(self) -> set[str]:
        """The trace ids of all that is remembered."""
        lines = self.adm("history", "--json", "--limit", "0").splitlines()
        return {json.loads(line)["trace_id"] for line in lines if line.startswith("{")}

    def scanned(self) -> set[str]:
        """The trace ids of all that was scanned, as the log says."""
        return {str(record["trace"]) for record in self.filter.records()}

    def wait_remembered(self) -> None:
        """All that was scanned is remembered, and nothing else."""
        wait_until(lambda: self.remembered() == self.scanned(), "the rows of all scans", 30)

    def alarms(self, name: str) -> list[str]:
        """Log lines of an alarm of the store."""
        lines = self.filter.log(self.mark).splitlines()
        return [line for line in lines if f"alarm: store {self.kind}: {name}" in line]

    def counted(self, name: str) -> int:
        """How often a trouble was counted."""
        counters: dict[str, Any] = self.filter.status()["counters"]
        return int(counters.get(name, 0))


class RedisAwayTests(StoreCase):
    """Redis."""

    def test_absent_at_start(self) -> None:
        """The filter starts and scans; what it scanned is stored once the server is there."""
        self.filter.start()
        self.scan(50, "early")
        wait_until(lambda: self.counted("store/unavailable") > 0, "the count of failures")
        self.assertLessEqual(len(self.alarms("unavailable")), 2)
        self.assertIn("refused", self.alarms("unavailable")[0])
        self.server.start()
        self.wait_remembered()
        self.scan(5, "late")
        self.wait_remembered()
        # All that has failed must succeed again, the series too, which are written every 10 s.
        wait_until(lambda: "works again after" in self.filter.log(self.mark), "the end of it", 40.0)

    def test_paused(self) -> None:
        """A server that hangs holds up no scan; nothing is missing when it goes on."""
        self.server.start()
        self.filter.start()
        self.scan(20, "before")
        self.wait_remembered()
        self.server.send(signal.SIGSTOP)
        for number in range(4):
            self.scan(20, f"paused{number}.")
            time.sleep(0.4)
        wait_until(lambda: self.counted("store/timeout") > 0, "the count of failures")
        self.assertLessEqual(len(self.alarms("timeout")), 2)
        self.server.send(signal.SIGCONT)
        self.wait_remembered()

    def test_killed(self) -> None:
        """A server that forgets everything: what comes after is remembered."""
        self.server.start()
        self.filter.start()
        self.scan(20, "before")
        self.wait_remembered()
        before = self.scanned()
        self.server.kill()
        self.scan(20, "without")
        self.server.start()
        wait_until(lambda: self.remembered() == self.scanned() - before, "the rows", 30)

    def test_wrong_password(self) -> None:
        """The alarm says so, without the password; mail is scanned."""
        self.server.start()
        self.server.ask("CONFIG", "SET", "requirepass", "right")
        secret = Path(self.filter.home / "conf.d" / "secret.toml")
        secret.write_text('[store.redis]\npassword = "very wrong"\n')
        secret.chmod(0o600)
        self.filter.start()
        self.scan(10, "x")
        wait_until(lambda: bool(self.alarms("denied")), "the alarm")
        self.assertNotIn("very wrong", self.filter.log(self.mark))
        self.assertIn("denied", self.adm("store", "check", code=1))
        self.assertNotIn("very wrong", self.adm("store", "stats", code=1))


class CommandTests(StoreCase):
    """`mailfilteradm store` beside a running filter."""

    kind = "embedded"

    def test_commands(self) -> None:
        """Figures, a check and a backup while messages are scanned; there and back again."""
        self.server.start()
        self.filter.start()
        self.scan(30, "a")
        self.wait_remembered()
        stats = json.loads(self.adm("store", "stats", "--json"))
        self.assertEqual((stats["kind"], stats["entries"]["history rows"]), ("embedded", 30))
        self.assertIn("the store is in order", self.adm("store", "check"))
        copy = self.filter.home / "copy.sqlite"
        self.adm("store", "backup", str(copy))
        self.assertEqual(copy.stat().st_mode & 0o777, 0o600)
        self.assertIn("is there already", self.adm("store", "backup", str(copy), code=1))
        self.filter.stop()
        scanned = self.scanned()
        self.assertIn("carried out", self.adm("store", "migrate", "embedded", "redis"))
        self.assertIn("--force", self.adm("store", "migrate", "embedded", "redis", code=1))
        fragment = self.filter.home / "conf.d" / "store.toml"
        fragment.write_text(SETTINGS.format(kind="redis", port=self.server.port))
        self.assertEqual(self.remembered(), scanned)
        os.unlink(Path(self.filter.state, "store.sqlite"))
        self.adm("store", "migrate", "redis", "embedded")
        fragment.write_text(SETTINGS.format(kind="embedded", port=1))
        self.assertEqual(self.remembered(), scanned)
        os.rename(copy, Path(self.filter.state, "store.sqlite"))
        self.assertEqual(self.remembered(), scanned)

    def test_corrupt(self) -> None:
        """A damaged file is set aside with an alarm, and the filter runs."""
        Path(self.filter.state).mkdir(mode=0o700)
        Path(self.filter.state, "store.sqlite").write_bytes(b"SQLite format 3\0" + b"\xaa" * 8000)
        self.filter.start()
        self.scan(10, "x")
        self.wait_remembered()
        (aside,) = Path(self.filter.state).glob("store.sqlite.corrupt-*")
        alarms = [
            line for line in self.filter.log().splitlines() if "the store was corrupt" in line
        ]
        self.assertEqual(len(alarms), 1, alarms)
        self.assertIn(aside.name, alarms[0])

    def test_nowhere(self) -> None:
        """A path that cannot be is told, and the filter runs."""
        fragment = self.filter.home / "conf.d" / "path.toml"
        fragment.write_text('[store]\npath = "/proc/no/store.sqlite"\n')
        self.filter.start()
        self.scan(10, "x")
        wait_until(lambda: bool(self.alarms("unavailable")), "the alarm")
        self.assertIn("/proc/no/store.sqlite", self.alarms("unavailable")[0])
