"""`mailfilteradm reload` and `status`, against a master that answers what the test says."""

import json
import math
import os
import threading
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

from click.testing import CliRunner, Result
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.app.control_server import bind_in
from mailfilter.client import control
from mailfilter.client.adm import main
from mailfilter.client.control import state_dirs
from mailfilter.client.status import status_text
from mailfilter.codec.control import Answer, Request, encode, request_reader
from mailfilter.config.model import Server
from mailfilter.config.schema import Scalar, table_of

WORKER = {
    "pid": 12,
    "generation": 3,
    "place": 0,
    "state": "serving",
    "uptime": 7200.0,
    "connections": 4,
    "scans": 2,
    "rate": 17.0,
    "total": 1000,
    "memory": 60 * 2**20 + 5,
    "cpu": 1.26,
}
PAGE: dict[str, Any] = {
    "version": "1.2",
    "pid": 11,
    "state": "serving",
    "generation": 3,
    "config": "/etc/m.toml",
    "uptime": 90000.0,
    "workers": [WORKER, {**WORKER, "pid": 13, "place": 1, "uptime": 5.0}],
    "listeners": {
        "unix": {"address": "/run/m.sock", "connections": 1, "queue": None},
        "http": {"address": "127.0.0.1:11333", "connections": 7, "queue": 3},
    },
    "certificates": {
        "mx": {
            "chain": "/etc/mx.pem",
            "names": ["a.example", "b.example", "c.example", "d.example"],
            "subject": "CN=a.example",
            "issuer": "CN=root",
            "begins": 0.0,
            "expires": 86400.0,
            "days": 0.51,
            "fingerprint": "f0",
            "public_key": "0f",
            "key": "P-256",
            "ocsp_expires": None,
            "loaded": 5.0,
            "trouble": "",
            "expired": ["certificate mx has\x1b[31m expired"],
            "listeners": ["http", "unix"],
        }
    },
    "client_trust": {
        "http": {
            "file": "/etc/ca.pem",
            "authorities": [],
            "lists": [],
            "trouble": "it\x1b[31m is gone",
            "expired": [],
        }
    },
    "keypairs": {
        "front": {
            "file": "/etc/front.key",
            "public_key": "yyy",
            "short_id": "y",
            "loaded": 5.0,
            "trouble": "halves\x1b[31m",
            "expired": [],
            "listeners": ["http"],
        }
    },
    "scans_under_way": 4,
    "rate": 34.0,
    "counters": {
        "scans": 2000,
        "action/reject": 20,
        "action/no action": 1980,
        "symbol/X": 5,
        "store/timeout": 7,
        "history/dropped": 2,
        "tls/handshakes": 9,
        "tls/refused/plain": 3,
        "tls/on_plain": 1,
        "proxy/connections": 5,
        "proxy/refused/missing": 2,
        "tls/broken": 2,
        "httpcrypt/opened": 4,
        "httpcrypt/refused/blob": 1,
        "httpcrypt/refused/plain": 6,
        "dns/cache_misses": 30,
        "dns/cache_hits": 40,
        "dns/failures/timeout": 3,
    },
    "gauges": {"dns_down/192.0.2.1:53": 1.0, "dns_down/192.0.2.2:53": 0.0},
    "histograms": {},
    "events": {"reloads": 2},
    "alarms": [{"at": 0.0, "text": "worker\x1b[31m 1 ended"}],
}


class ControlCase(SynchronousTestCase):
    def setUp(self) -> None:
        # Longer than the path of a socket may be.
        self.top = Path(mkdtemp())
        self.addCleanup(rmtree, self.top)
        self.folder = self.top / ("d" * 120)
        self.folder.mkdir()
        self.requests: list[Request] = []

    def serve(self, reply: bytes) -> None:
        """Answer one request with these octets."""
        listening = bind_in(str(self.folder))
        listening.settimeout(10)

        def talk() -> None:
            with listening, listening.accept()[0] as connection:
                (request,) = request_reader().receive(connection.recv(65536))
                self.requests.append(request)
                connection.sendall(reply)

        thread = threading.Thread(target=talk)
        thread.start()
        self.addCleanup(thread.join)

    def run_command(self, *arguments: str) -> Result:
        return CliRunner().invoke(main, [*arguments, "--state-dir", str(self.folder)])


class CommandTests(ControlCase):
    def test_reload(self) -> None:
        self.serve(encode(Answer(warnings=("m.toml:1: odd",))))
        result = self.run_command("reload")
        self.assertEqual((result.exit_code, result.stdout), (0, "ok: reloaded\n"))
        self.assertEqual(result.stderr, "warning: m.toml:1: odd\n")
        self.assertEqual(self.requests, [Request(command="reload")])

    def test_refused(self) -> None:
        """The filter's own words, and an exit status for systemctl."""
        self.serve(encode(Answer(error="m.toml:1: bad\nm.toml:2: worse")))
        result = self.run_command("reload")
        self.assertEqual((result.exit_code, result.stdout), (1, ""))
        self.assertEqual(result.stderr, "m.toml:1: bad\nm.toml:2: worse\n")

    def test_not_running(self) -> None:
        result = self.run_command("status")
        self.assertEqual(result.exit_code, 1)
        self.assertIn("no filter answers; is it running", result.stderr)
        self.assertIn(f"{self.folder}/control.sock: No such file", result.stderr)

    def test_nobody_listens(self) -> None:
        """The filter died, its socket is left."""
        bind_in(str(self.folder)).close()
        result = self.run_command("status")
        self.assertIn("Connection refused", result.stderr)

    def test_ends_meanwhile(self) -> None:
        self.serve(b"")
        result = self.run_command("reload")
        self.assertEqual(result.exit_code, 1)
        self.assertIn("the filter ended before it answered", result.stderr)

    def test_nonsense(self) -> None:
        self.serve(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        result = self.run_command("reload")
        self.assertEqual(result.exit_code, 1)
        self.assertIn("octets, expected at most", result.stderr)
        self.assertNotIn("Traceback", result.stderr)

    def test_status(self) -> None:
        self.serve(encode(Answer(status=PAGE)))
        result = self.run_command("status")
        self.assertEqual(result.exit_code, 0)
        self.assertEqual(result.stdout, status_text(PAGE) + "\n")

    def test_status_for_programs(self) -> None:
        self.serve(encode(Answer(status=PAGE)))
        self.assertEqual(json.loads(self.run_command("status", "--json").stdout), PAGE)

    def test_status_is_utf_8(self) -> None:
        page = {**PAGE, "config": "/etc/gr\u00fc\u00dfe.toml"}
        self.serve(encode(Answer(status=page)))
        output = self.run_command("status", "--json").stdout_bytes
        self.assertEqual(json.loads(output.decode("utf-8", "strict")), page)

    def test_stuck(self) -> None:
        """The kernel takes the connection; nobody answers."""
        seconds = {"status": 0.01}
        self.patch(control, "patience", seconds.pop)
        listening = bind_in(str(self.folder))
        self.addCleanup(listening.close)
        result = self.run_command("status")
        self.assertEqual(result.exit_code, 1)
        self.assertIn("the filter does not answer: timed out", result.stderr)
        self.assertEqual(seconds, {})

    def test_patience(self) -> None:
        """For the longest time that can be set."""
        field = table_of(Server).fields["reload_timeout"].node
        longest = field.high if isinstance(field, Scalar) else None
        self.assertGreater(control.patience("reload"), 4 * (longest or math.inf))
        self.assertEqual(control.patience("status"), 10)


class StatusTests(SynchronousTestCase):
    def test_text(self) -> None:
        """What a person must see; what came from elsewhere is escaped."""
        text = status_text(PAGE)
        lines = [" ".join(line.split()) for line in text.splitlines()]
        for expected in (
            "mailfilter 1.2, pid 11: serving, generation 3, up 1.0d",
            "configuration: /etc/m.toml",
            "scans: 2000, 34.0/s, 4 under way; no action 1980, reject 20",
            "0 (pid 12) 3 serving 2.0h 4 2 1000 17.0 60MiB 1.3",
            "1 (pid 13) 3 serving 5s 4 2 1000 17.0 60MiB 1.3",
            "http 127.0.0.1:11333 7 3",
            "unix /run/m.sock 1 ?",
            "events: reloads 2",
            "TLS: 9 handshakes, 0 resumed, 1 on listeners without certificates, 2 broken later;"
            " refused: plain 3",
            "proxies: 5 connections passed on; refused: missing 2",
            "HTTPCrypt: 4 requests; refused: blob 1, plain 6",
            "DNS: 30 questions asked, 40 answered from memory; failed: timeout 3;"
            " does not answer: 192.0.2.1:53",
            "mx P-256 1970-01-02T00:00:00Z 0.5 http unix a.example b.example c.example ...",
            "trouble: history/dropped 2, store/timeout 7",
        ):
            self.assertIn(expected, lines)
        self.assertIn("1970-01-01T00:00:00Z worker", text)
        self.assertIn("\n  certificate mx has\\x1b[31m expired\n", text)
        self.assertIn("\n  front is not what its files hold: halves\\x1b[31m\n", text)
        self.assertIn("http is not what its files hold: it", text)
        self.assertNotIn("\x1b", text)

    def test_maps(self) -> None:
        """Each map, what it has, and why it has not what is in its file."""
        row = {"name": "a", "kind": "names", "entries": 2, "octets": 2048, "loaded": 86400.0}
        more = {"file": "/a\x1b[31m", "is_saved": False, "trouble": ""}
        wrong = {"name": "b", "entries": 0, "octets": 0, "loaded": None, "trouble": "/b:1: no\nte"}
        maps = [{**row, **more}, {**row, **more, **wrong}, {**row, **more, "is_saved": True}]
        lines = [" ".join(line.split()) for line in status_text({**PAGE, "maps": maps}).split("\n")]
        for expected in (
            "map kind entries size since from",
            "a names 2 2KiB 1970-01-02T00:00:00Z /a\\x1b[31m",
            "b names 0 0B never /a\\x1b[31m",
            "a names 2 2KiB 1970-01-02T00:00:00Z what was saved",
            "b is not what its file holds: /b:1: no\\nte",
        ):
            self.assertIn(expected, lines)

    def test_before_anything(self) -> None:
        nothing: dict[str, Any] = {
            name: {} for name in ("certificates", "client_trust", "keypairs", "counters", "events")
        }
        text = status_text({**PAGE, **nothing, "config": None, "alarms": []})
        self.assertIn("configuration: (defaults)", text)
        self.assertIn("nothing scanned yet", text)
        for word in ("trouble", "TLS", "certificate"):
            self.assertNotIn(word, text)


class StateDirTests(SynchronousTestCase):
    def test_told(self) -> None:
        self.assertEqual(state_dirs("s", {}, "/w"), ["/w/s"])
        self.assertEqual(state_dirs(None, {"MAILFILTER_STATE_DIR": "/e"}, "/w"), ["/e"])

    def test_not_told(self) -> None:
        """Where `make run` keeps it, then where systemd does."""
        expected = [os.path.join("/w", "mailfilter-state"), "/var/lib/mailfilter"]
        self.assertEqual(state_dirs(None, {}, "/w"), expected)
