"""The filter as a child process, the peers around it, and the base of all live tests."""

import contextlib
import functools
import json
import os
import re
import signal
import smtplib
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from mailfilter.client.control import ask

from . import peers
from .filter_config import CONFIG
from .postfix import Postfix
from .postfix_cf import DOCUMENTED, Smtpd
from .postfix_keys import SASL_OPTIONS, tls_options, why_no_sasl
from .processes import Child, free_port, private_directory, wait_until
from .sink import Sink

CHECKS = Path(__file__).with_name("checks")
MESSAGES = peers.CHECKOUT / "tests/data/messages"
SENDER = "alice@example.org"

LISTENERS = 4
"""That a filter of ours has."""

_TWISTD = "import sys; from twisted.scripts.twistd import run; sys.argv[0] = 'twistd'; run()"
ADM = "import sys; from mailfilter.app.adm import main; sys.argv[0] = 'mailfilteradm'; main()"
COMPLAINT = re.compile(r"Traceback \(most recent|Unhandled|never retrieved|was never awaited")
"""What a log of a filter in good health does not hold."""


class Filter:
    """A filter of our own: listeners by name are ports (`http` also lines), `unix` a socket.

    It checks SPF only if it is given a server of DNS (`dns`, as `127.0.0.1:53`), and all else of
    `senders` (DKIM, DMARC, ARC) if it is to.
    """

    def __init__(
        self,
        watchdog: str = "30s",
        start: bool = True,
        workers: int = 2,
        server: str = "",
        dns: str = "",
        senders: bool = False,
    ) -> None:
        self.home = private_directory()
        self.milter = free_port()
        self.http = free_port()
        self.spamd = free_port()
        self.controller = free_port()
        self.unix = str(self.home / "milter.sock")
        self.config = self.home / "mailfilter.toml"
        # A copy: the filter takes no code that others than its user could write.
        checks = self.home / "checks"
        checks.mkdir(mode=0o755)
        for path in CHECKS.glob("*.py"):
            (checks / path.name).write_bytes(path.read_bytes())
            (checks / path.name).chmod(0o644)
        self.config.write_text(
            CONFIG.format(
                checks=checks,
                watchdog=watchdog,
                workers=workers,
                server=server,
                dns=dns or f"127.0.0.1:{free_port()}",
                spf=str(bool(dns)).lower(),
                senders=str(senders).lower(),
                milter=self.milter,
                unix=self.unix,
                http=self.http,
                spamd=self.spamd,
                controller=self.controller,
            )
        )
        self._log = self.home / "filter.log"
        self._listeners = LISTENERS
        self._child: Child | None = None
        if start:
            self.start()

    def configure(self, fragment: str) -> None:
        """Add to its configuration; it takes effect at the next start."""
        folder = self.home / "conf.d"
        folder.mkdir(exist_ok=True)
        path = folder / f"{len(list(folder.iterdir()))}.toml"
        path.write_text(fragment)
        if "password" in fragment:
            path.chmod(0o600)
        self._listeners += fragment.count("[listeners.")

    @property
    def child(self) -> Child:
        """The running process."""
        assert self._child is not None
        return self._child

    def start(self) -> None:
        """Start it and wait until it says that all its listeners are ready."""
        command = [sys.executable, "-c", _TWISTD, "-n", "--pidfile=", "mailfilter"]
        command += ["--config", str(self.config), "--state-dir", self.state]
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        mark = self.log_size() if self._log.exists() else 0
        self._child = Child(command, self._log, environment, peers.CHECKOUT)
        self._child.wait_ready(lambda: self.log(mark).count("ready: listener") >= self._listeners)
        self._sockets_at_start = self._sockets()

    def ensure_running(self) -> None:
        """Start it if it has not been started yet, or has ended."""
        if self._child is None or not self._child.is_running:
            self.start()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end; the exit status."""
        return self.child.stop(number)

    def kill(self) -> None:
        """End it at once."""
        self.child.kill()

    def connections(self) -> int:
        """How many sockets its processes have open beyond those they started with."""
        return self._sockets() - self._sockets_at_start

    def _sockets(self) -> int:
        count = 0
        for pid in (self.child.pid, *self.workers()):
            for entry in Path(f"/proc/{pid}/fd").iterdir():
                with contextlib.suppress(FileNotFoundError):
                    count += os.readlink(entry).startswith("socket:")
        return count

    @property
    def state(self) -> str:
        """Its state directory."""
        return str(self.home / "state")

    def status(self) -> dict[str, Any]:
        """What it says of itself."""
        return ask([self.state], "status").status or {}

    def adm(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `mailfilteradm` beside it."""
        has_config = arguments[0] not in ("reload", "saved", "status")
        where = ["--state-dir", self.state, *["--config", str(self.config)] * has_config]
        return subprocess.run(
            [sys.executable, "-c", ADM, *arguments, *where],
            cwd=peers.CHECKOUT,
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def workers(self) -> list[int]:
        """Process ids of its workers, if it has any."""
        pid = self.child.pid
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return [int(word) for word in text.split()]

    def log_size(self) -> int:
        """Octets logged so far: a mark for `log` and `records`."""
        return self._log.stat().st_size

    def log(self, since: int = 0) -> str:
        """What it has logged since a mark."""
        with self._log.open("rb") as stream:
            stream.seek(since)
            return stream.read().decode("utf-8", "replace")

    def records(self, since: int = 0) -> list[dict[str, Any]]:
        """The lines about scanned messages since a mark."""
        lines = (line for line in self.log(since).splitlines() if line.startswith("{"))
        return [record for record in map(_json, lines) if "action" in record]

    def wait_record(self, since: int = 0, **fields: object) -> dict[str, Any]:
        """The first line about a message, perhaps a large one, that has these fields."""
        found: list[dict[str, Any]] = []

        def look() -> bool:
            found.extend(r for r in self.records(since) if fields.items() <= r.items())
            return bool(found)

        wait_until(look, f"a log line with {fields}", 60)
        return found[0]


@dataclass(frozen=True, slots=True)
class Reply:
    """An SMTP server's last word on a message."""

    code: int
    text: str


class LiveCase(SynchronousTestCase):
    """Base of the live tests: skips without its peers, and reads the filter's log at the end."""

    needs: ClassVar[Sequence[str]] = ()
    """Programs without which the tests of the class are skipped."""
    needs_root: ClassVar[bool] = False
    complaints_expected: bool = False
    """Set by a test after which tracebacks in the filter's log are right."""

    def setUp(self) -> None:
        """Start or reuse the shared filter, mark its log."""
        if why := peers.why_missing(*self.needs):
            raise SkipTest(why)
        if self.needs_root and os.geteuid() != 0:
            raise SkipTest("an MTA must be started by root")
        self.filter = self.make_filter()
        self.mark = self.filter.log_size()
        self.addCleanup(self.check_log)

    def make_filter(self) -> Filter:
        """The filter under test; the shared one unless a class needs its own."""
        return shared_filter()

    def check_log(self) -> None:
        """Fail when the filter complained during this test."""
        text = self.filter.log(self.mark)
        if COMPLAINT.search(text) and not self.complaints_expected:
            self.fail(f"the filter's log of this test:\n{text[-8000:]}")


class MtaCase(LiveCase):
    """Base of the tests that send through an MTA, of whatever kind."""

    needs_root = True
    service: str
    """Of the MTA, to which mail goes that is not to go to another one."""
    box: str
    """The recipient of mail that names none."""

    @property
    def ports(self) -> Mapping[str, int]:
        """The MTA's ports by service."""
        raise NotImplementedError

    def send(
        self,
        message: bytes,
        *recipients: str,
        service: str = "",
        sender: str = SENDER,
        esmtp: Sequence[str] = (),
    ) -> Reply:
        """Send by SMTP; the reply to the end of the data."""
        port = self.ports[service or self.service]
        return smtp_send(port, message, recipients or (self.box,), sender, esmtp)


class PostfixCase(MtaCase):
    """Base of the tests that send through Postfix."""

    needs: ClassVar[Sequence[str]] = ("master",)
    service = "tcp"

    def setUp(self) -> None:
        """Start or reuse the shared Postfix too."""
        super().setUp()
        self.postfix = shared_postfix()
        self.sink = shared_sink()
        self.box = f"{self._testMethodName}@box.test".lower()
        self.out = f"{self._testMethodName}@sink.test".lower()

    @property
    def ports(self) -> Mapping[str, int]:
        """See `MtaCase`."""
        return self.postfix.ports


def smtp_send(
    port: int,
    message: bytes,
    recipients: Sequence[str],
    sender: str = SENDER,
    esmtp: Sequence[str] = (),
) -> Reply:
    """Send a message (CRLF line ends) in a session of its own; the reply to its end.

    When an earlier command is refused, or the session itself, the reply to that.
    """
    try:
        client = smtplib.SMTP("127.0.0.1", port, "client.live.test", timeout=40)
    except smtplib.SMTPConnectError as error:
        return _reply(error.smtp_code, error.smtp_error)
    with client:
        client.ehlo()
        code, text = client.mail(sender, esmtp)
        for recipient in recipients:
            if code < 400:
                code, text = client.rcpt(recipient)
        if code < 400:
            code, text = _data(client, message)
    return _reply(code, text)


def message_file(name: str) -> bytes:
    """One of the hand-made messages, with CRLF line ends as it goes over SMTP."""
    return (MESSAGES / name).read_bytes().replace(b"\n", b"\r\n")


def wish(fields: Mapping[str, str] | Sequence[tuple[str, str]], name: str = "ham.eml") -> bytes:
    """A message with `X-Test-` fields on top, for the check that acts on them."""
    pairs = fields.items() if isinstance(fields, Mapping) else fields
    top = "".join(f"X-Test-{field}: {value}\r\n" for field, value in pairs)
    return top.encode() + message_file(name)


def body_of(message: bytes) -> bytes:
    """What follows the first blank line, with CRLF line ends."""
    text = message.replace(b"\r\n", b"\n")
    return text.partition(b"\n\n")[2].replace(b"\n", b"\r\n")


@functools.cache
def shared_filter() -> Filter:
    """The filter that most tests use."""
    return Filter()


@functools.cache
def shared_sink() -> Sink:
    """The server to which Postfix hands mail for `sink.test`."""
    return Sink()


@functools.cache
def shared_postfix() -> Postfix:
    """A Postfix with a service for each way to reach the shared filter, and one without it."""
    tcp = f"inet:127.0.0.1:{shared_filter().milter}"
    services = {
        "tcp": Smtpd(tcp),
        "unix": Smtpd(f"unix:{shared_filter().unix}"),
        "v4": Smtpd(tcp, protocol=4),
        "v3": Smtpd(tcp, protocol=3),
        "v2": Smtpd(tcp, protocol=2),
        "none": Smtpd(""),
        "documented": DOCUMENTED,
        "tls": Smtpd(tcp, options=tls_options()),
    }
    if not why_no_sasl():
        services["sasl"] = Smtpd(tcp, options=SASL_OPTIONS)
        options = {**SASL_OPTIONS, **tls_options()}
        services["all-v4"] = Smtpd(tcp, protocol=4, options=options)
    return Postfix(services, shared_sink().port, tcp)


def _data(client: smtplib.SMTP, message: bytes) -> tuple[int, bytes]:
    try:
        return client.data(message)
    except smtplib.SMTPDataError as error:
        return _octets(error.smtp_code, error.smtp_error)


def _octets(code: int, text: bytes | str) -> tuple[int, bytes]:
    return code, text.encode() if isinstance(text, str) else text


def _reply(code: int, text: bytes | str) -> Reply:
    return Reply(code, _octets(code, text)[1].decode("utf-8", "replace"))


def _json(line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
