"""Certificates of a running filter are changed, spoilt and mended: what each worker shows then."""

import grp
import os
import pwd
import signal
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mailfilter.client.control import ask
from mailfilter.client.status import status_text
from tests.authority import Authority, load
from tests.live.harness import Filter, LiveCase, message_file
from tests.live.processes import free_port, wait_until
from tests.live.scan_client import Connection, with_length

NAME = "mx.filter.test"
PATIENCE = 60.0
WATCH = "200ms"

_CONFIG = """\
[tls]
watch = "{watch}"

[certificates.mx]
chain = "{folder}/mx.crt"
key = "{folder}/mx.key"

[listeners.sealed]
protocol = "http"
endpoint = "tcp:{port}:interface=127.0.0.1"
certificates = ["mx"]
"""

BY_PROCESS = '''\
"""Tells by which process a message is scanned."""

import os
from typing import ClassVar

from mailfilter.scan.check import Check, Hit, Stage, Symbol


class ByProcess(Check):
    name = "process"
    stage = Stage.MAIN
    symbols = {"PROCESS": Symbol(0.0, "test", "who scanned it")}

    def run(self, task):
        return [Hit("PROCESS", options=(str(os.getpid()),))]
'''

HAM = with_length(message_file("ham.eml"))


class CertifiedFilter(Filter):
    """A filter with a certificate that is changed at will."""

    def __init__(self, workers: int = 2, server: str = "", watch: str = WATCH) -> None:
        super().__init__(start=False, workers=workers, server=server)
        self.port = free_port()
        self.folder = self.home / "tls"
        self.folder.mkdir()
        issued = self.home / "issued"
        issued.mkdir()
        self.authority = Authority(issued, "authority")
        (self.home / "checks" / "process.py").write_text(BY_PROCESS)
        self.configure(_CONFIG.format(watch=watch, folder=self.folder, port=self.port))
        self.serial = self.renew()

    def issue(self, days: tuple[float, float] = (-1, 90)) -> tuple[Path, Path]:
        """A certificate that is not in use yet."""
        return self.authority.issue(NAME, usage="server", days=days, stem="next")

    def renew(self, days: tuple[float, float] = (-1, 90)) -> int:
        """Put another one in place; its serial number."""
        chain, key = self.issue(days)
        number = load(chain).serial_number
        os.replace(key, self.folder / "mx.key")
        os.replace(chain, self.folder / "mx.crt")
        return number

    def connect(self) -> tuple[int, Connection]:
        """Serial number of the certificate that is shown, and a connection."""
        context = ssl.create_default_context(cafile=str(self.authority.file))
        plain = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
        sealed = context.wrap_socket(plain, server_hostname=NAME)
        shown = sealed.getpeercert()
        assert shown is not None
        return int(str(shown["serialNumber"]), 16), Connection(sealed)

    def certificate(self) -> dict[str, Any]:
        """What the status says of it."""
        found: dict[str, Any] = self.status()["certificates"]["mx"]
        return found


def process(connection: Connection) -> int:
    """Who answers."""
    (option,) = connection.scan(HAM)["symbols"]["PROCESS"]["options"]
    return int(option)


class KeptCase(LiveCase):
    filter: CertifiedFilter

    def make_filter(self) -> CertifiedFilter:
        own = CertifiedFilter()
        self.addCleanup(own.kill)
        own.start()
        return own

    def shown_by(self) -> dict[int, int]:
        """Worker -> serial number that it shows; every one that serves."""
        serving = self.serving()
        found: dict[int, int] = {}
        ends = time.monotonic() + PATIENCE
        while serving - found.keys() and time.monotonic() < ends:
            serial, connection = self.filter.connect()
            found[process(connection)] = serial
            connection.close()
        return {pid: serial for pid, serial in found.items() if pid in serving}

    def serving(self) -> set[int]:
        """Process ids of the workers that serve."""
        workers = self.filter.status()["workers"]
        return {item["pid"] for item in workers if item["state"] == "serving"}

    def wait_shown(self, serial: int, workers: int = 2) -> None:
        wait_until(
            lambda: list(self.shown_by().values()) == [serial] * workers,
            "every worker to show it",
            PATIENCE,
        )

    def wait_trouble(self, text: str) -> None:
        wait_until(lambda: text in self.filter.certificate()["trouble"], text, PATIENCE)

    def wait_alarm(self, text: str) -> None:
        def look() -> bool:
            return any(text in alarm["text"] for alarm in self.filter.status()["alarms"])

        wait_until(look, f"an alarm with {text!r}", PATIENCE)

    @contextmanager
    def kept_connection(self) -> Iterator[None]:
        """One that is open all the time, and answered by one process."""
        _, connection = self.filter.connect()
        before = process(connection)
        yield
        self.assertEqual(process(connection), before)
        connection.close()


class WorkersTests(KeptCase):
    def test_changed(self) -> None:
        """Each worker shows the new one, and those that come later; what was open goes on."""
        with self.kept_connection():
            self.wait_shown(self.filter.serial)
            serial = self.filter.renew()
            self.wait_shown(serial)
            self.assertEqual(self.filter.certificate()["trouble"], "")
            self.assertGreaterEqual(self.filter.status()["events"]["certificates_renewed"], 1)
        victim = min(self.shown_by())
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: len(self.serving() - {victim}) == 2, "another worker", PATIENCE)
        self.wait_shown(serial)

    def test_spoilt(self) -> None:
        """Whatever is wrong, the one before goes on, with an alarm; mended, it is used."""
        with self.kept_connection():
            for spoil, text in self.spoilings():
                spoil()
                self.wait_trouble(text)
                self.wait_alarm(text)
                self.wait_shown(self.filter.serial)
        serial = self.filter.renew()
        self.wait_shown(serial)
        inside = (self.filter.folder / "mx.key").read_text().splitlines()[1]
        self.assertNotIn(inside, self.filter.log())
        self.assertNotIn(inside, str(self.filter.status()))

    def spoilings(self) -> list[tuple[Callable[[], object], str]]:
        folder = self.filter.folder
        chain, key = folder / "mx.crt", folder / "mx.key"

        def half() -> None:
            whole = self.filter.issue()[0].read_bytes()
            chain.write_bytes(whole[: len(whole) // 2])

        return [
            (half, "cut off"),
            (lambda: self.filter.issue()[0].replace(chain), "does not belong to the certificate"),
            (lambda: self.filter.renew((-30, -1)), "has expired at"),
            (lambda: key.write_bytes(b""), "the file is empty"),
            (lambda: folder.rename(folder.with_name("away")), "No such file or directory"),
            (lambda: folder.with_name("away").rename(folder), "the file is empty"),
        ]

    def test_reload(self) -> None:
        """New workers have the new one; of a bad one is told at once, and to who asks."""
        serial = self.filter.renew()
        answer = ask([self.filter.state], "reload")
        self.assertEqual((answer.error, answer.warnings), ("", ()))
        self.wait_shown(serial)
        (self.filter.folder / "mx.key").chmod(0o644)
        answer = ask([self.filter.state], "reload")
        self.assertEqual(answer.error, "")
        self.assertIn("a private key in a file that everybody may read", answer.warnings[0])
        self.wait_alarm("a private key in a file that everybody may read")
        self.wait_shown(serial)
        self.filter.child.send(signal.SIGHUP)
        wait_until(lambda: self.filter.status()["generation"] >= 4, "a new generation", PATIENCE)
        self.wait_shown(serial)


class OneProcessTests(KeptCase):
    """Without workers."""

    def make_filter(self) -> CertifiedFilter:
        own = CertifiedFilter(workers=1)
        self.addCleanup(own.kill)
        own.start()
        return own

    def test_changed(self) -> None:
        with self.kept_connection():
            serial = self.filter.renew()
            self.wait_shown(serial, 1)
            (self.filter.folder / "mx.crt").unlink()
            self.wait_alarm("No such file or directory")
            self.wait_shown(serial, 1)


class StartCase(KeptCase):
    """A filter that does not run yet."""

    server = ""

    def make_filter(self) -> CertifiedFilter:
        return CertifiedFilter(server=self.server)

    def setUp(self) -> None:
        own = self.make_filter()
        (own.home / "filter.log").touch()
        self.patch(self, "make_filter", lambda: own)
        super().setUp()

    def refused(self) -> str:
        """What it says."""
        with self.assertRaises(AssertionError) as caught:
            self.filter.start()
        text = str(caught.exception)
        self.assertIn("exit status 1", text)
        return text


class StartTests(StartCase):
    def test_exposed(self) -> None:
        """Refused, by key, file and line."""
        (self.filter.folder / "mx.key").chmod(0o644)
        text = self.refused()
        self.assertIn("0.toml:6: certificates.mx.key = ", text)
        self.assertIn("a private key in a file that everybody may read; chmod o-rw", text)

    def test_expired(self) -> None:
        """It starts, with an alarm: there are listeners without TLS, too."""
        self.filter.renew((-30, -1))
        self.addCleanup(self.filter.kill)
        self.filter.start()
        self.wait_alarm("certificate mx has expired at")
        self.assertIn("mx ", status_text(self.filter.status()))


class OtherUserTests(StartCase):
    """Started by root, to be somebody else: what that one cannot read could not be renewed."""

    needs_root = True
    server = 'user = "nobody"'

    def test_unreadable(self) -> None:
        """Readable to root alone: refused, with what mends it."""
        gid = pwd.getpwnam("nobody").pw_gid
        for path in (self.filter.home, self.filter.folder):
            path.chmod(0o755)
        (self.filter.folder / "mx.crt").chmod(0o644)
        text = self.refused()
        self.assertIn("certificates.mx.key = ", text)
        self.assertIn("the user of the service cannot read it", text)
        key = self.filter.folder / "mx.key"
        self.assertIn(f"chgrp {grp.getgrgid(gid).gr_name} {key} && chmod g+r {key}", text)
