"""An OpenSMTPD of our own, with filter-rspamd, in a folder that it takes for the whole machine.

Its paths and accounts are compiled in, so that it runs in a `chroot` with copies of what it needs.
What it accepts goes by SMTP to the sink.

Debian's 6.8.0p2 can serve no TLS with OpenSSL 3 (the project's issue 1171), and takes no logins
without: nobody logs in here.
"""

import contextlib
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from twisted.trial.unittest import SkipTest

from . import peers
from .processes import Child, accepts, free_port, private_directory, wait_until

SMTPD = peers.DEBIAN / "usr/sbin/smtpd"
FILTER = peers.DEBIAN / "usr/libexec/opensmtpd/filter-rspamd"
SNIPPET = peers.CHECKOUT / "mailfilter/client/mta/templates/opensmtpd.conf"
"""The filter in smtpd.conf, as the documentation shows it."""
SNIPPET_URL = "http://127.0.0.1:11333"
SNIPPET_LISTEN = "listen on 0.0.0.0 port 25"

DOCUMENTED = "mailfilter"
"""The name of that filter."""
DOMAIN = "sink.test"
START_SECONDS = 60.0

_FOLDERS = ("dev", "etc", "run", "var/run", "var/spool/smtpd", "var/lib/opensmtpd/empty", "tmp")
_FILES = {
    "etc/passwd": (
        "root:x:0:0::/:/bin/sh\n"
        "opensmtpd:x:64001:64001::/var/lib/opensmtpd/empty:/bin/false\n"
        "opensmtpq:x:64002:64002::/var/lib/opensmtpd/empty:/bin/false\n"
    ),
    "etc/group": "root:x:0:\nopensmtpd:x:64001:\nopensmtpq:x:64002:\n",
    "etc/hosts": "127.0.0.1 localhost\n",
    "etc/resolv.conf": "nameserver 127.0.0.1\n",
    "etc/mailname": "mx.live.test\n",
}
_DEVICES = {"null": 3, "zero": 5, "random": 8, "urandom": 9}
_CONF = """\
smtp max-message-size "64M"
mta limit session-mail-max 1000
mta limit session-keepalive 300
mta limit session-transaction-delay 0
{documented}
{ports}
action "sink" relay host "smtp://127.0.0.1:{sink_port}"
match from any for domain "{domain}" action "sink"
"""


class OpenSmtpd:
    """A running OpenSMTPD; `ports` has the TCP port of each named one on 127.0.0.1.

    The port `mailfilter` asks the filter at `url` as the documented configuration says. Each of
    `filters` has a URL, or no filter if that is empty.
    """

    def __init__(self, url: str, filters: Mapping[str, str], sink_port: int) -> None:
        self.home = private_directory()
        self.root = self.home / "root"
        self.ports = {name: free_port() for name in (DOCUMENTED, *filters)}
        self._layout()
        (self.root / "etc/smtpd.conf").write_text(self._conf(url, filters, sink_port))
        self._child = self._start()

    def _layout(self) -> None:
        for name in _FOLDERS:
            (self.root / name).mkdir(parents=True)
        (self.root / "var/spool/smtpd").chmod(0o711)
        for name, minor in _DEVICES.items():
            _make_device(self.root / "dev" / name, minor)
        for name, text in _FILES.items():
            (self.root / name).write_text(text)
        for program, place in (
            (SMTPD, "usr/sbin/smtpd"),
            (FILTER, "usr/libexec/opensmtpd/filter-rspamd"),
            (Path("/bin/sh"), "bin/sh"),
        ):
            self._copy(program, place)
            for library in _libraries(program):
                # The loader has its path in the programs; the others are found by their names.
                is_loader = library.name.startswith("ld-")
                self._copy(library, str(library)[1:] if is_loader else f"lib/{library.name}")

    def _copy(self, source: Path, place: str) -> None:
        target = self.root / place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        target.chmod(0o755)

    def _conf(self, url: str, filters: Mapping[str, str], sink_port: int) -> str:
        documented = SNIPPET.read_text()
        for part, replacement in (
            (SNIPPET_URL, url),
            (SNIPPET_LISTEN, f"listen on 127.0.0.1 port {self.ports[DOCUMENTED]} hostname mx.test"),
        ):
            assert part in documented, part
            documented = documented.replace(part, replacement)
        lines: list[str] = []
        for name, where in filters.items():
            asks = ""
            if where:
                lines.insert(0, f'filter "{name}" proc-exec "filter-rspamd -url {where}"')
                asks = f' filter "{name}"'
            lines.append(f"listen on 127.0.0.1 port {self.ports[name]} hostname mx.test{asks}")
        return _CONF.format(
            documented=documented,
            ports="\n".join(lines),
            sink_port=sink_port,
            domain=DOMAIN,
        )

    def _start(self) -> Child:
        command = ["chroot", str(self.root), "/usr/sbin/smtpd", "-d", "-f", "/etc/smtpd.conf"]
        environment = {"PATH": os.environ["PATH"], "LD_LIBRARY_PATH": "/lib"}
        child = Child(command, self.home / "smtpd.log", environment, self.home)
        child.wait_ready(
            lambda: all(accepts(("127.0.0.1", port)) for port in self.ports.values()),
            START_SECONDS,
        )
        return child

    def stop(self) -> None:
        """Shut it down."""
        self._child.stop()

    def log(self) -> str:
        """All it has said."""
        return self._child.log.read_text(errors="replace")

    def queued(self) -> Sequence[Path]:
        """The files of messages accepted and not yet delivered."""
        with contextlib.suppress(FileNotFoundError):
            queue = self.root / "var/spool/smtpd/queue"
            return [path for path in queue.rglob("*") if path.is_file()]
        return [queue]

    def wait_idle(self) -> None:
        """Wait until every accepted message is delivered."""
        wait_until(lambda: not self.queued(), "an empty queue", 60)


def _make_device(path: Path, minor: int) -> None:
    """Make a device of memory. Raises SkipTest where that is not allowed."""
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, minor))
    except PermissionError as error:
        raise SkipTest("makes device files for a chroot: needs CAP_MKNOD") from error
    path.chmod(0o666)


def _libraries(program: Path) -> list[Path]:
    done = subprocess.run(
        ["ldd", str(program)],
        env=peers.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return [Path(path) for path in re.findall(r"(/\S+) \(0x", done.stdout)]
