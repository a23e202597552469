"""The unit files: they agree with the code, and systemd has nothing to say against them."""

import os
import pwd
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from twisted.scripts._twistd_unix import ServerOptions
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from mailfilter.app import sockets
from mailfilter.app.generation import KILL_MARGIN
from mailfilter.app.options import Options
from mailfilter.client import adm
from mailfilter.config import find_state_dir
from mailfilter.config.endpoint import parse_endpoint
from mailfilter.config.model import Server, default_listeners
from mailfilter.config.paths import DEFAULT_PATH, SYSTEM_STATE_DIR
from tests.live import peers

ROOT = Path(__file__).parents[1]
UNITS = ROOT / "etc/systemd"
SERVICE = "mailfilter.service"
SOCKETS = ("mailfilter-milter.socket", "mailfilter-scan.socket", "mailfilter-spamd.socket")
PRIVILEGED = {"spamd": 783}
"""Ports that systemd can hold and the filter, as installed, could not."""
PROGRAMS = "/opt/mailfilter/bin/"
"""Where the service has its programs."""

MAY_BE_EMPTY = frozenset({"CapabilityBoundingSet"})
"""Directives whose empty value is not their default."""

MAX_EXPOSURE = 15
"""Tenths that `systemd-analyze security` may give the service; it has 13."""

ENDPOINT = re.compile(r'^#\s+\[listeners\.(\w+)\]\n#\s+endpoint = "(.*)"$', re.MULTILINE)
SECONDS = 60
"""For a command that takes one second."""

Unit = dict[str, dict[str, list[str]]]


def read_unit(name: str) -> Unit:
    """Section -> directive -> values, in order."""
    unit: Unit = {}
    section: dict[str, list[str]] = {}
    for line in (UNITS / name).read_text().splitlines():
        if line.startswith("["):
            section = unit.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            key, equals, value = line.partition("=")
            assert equals, f"{name}: {line}"
            section.setdefault(key, []).append(value)
    return unit


def one(unit: Unit, section: str, key: str) -> str:
    """The value of a directive that is set once."""
    (value,) = unit[section][key]
    return value


def seconds(text: str) -> float:
    """A time of systemd in seconds; we write no other unit."""
    assert text.endswith("s"), text
    return float(text.removesuffix("s"))


class UnitTests(SynchronousTestCase):
    """What the files say."""

    def setUp(self) -> None:
        self.service = read_unit(SERVICE)

    def test_all(self) -> None:
        """No other files, and every directive has a value."""
        self.assertEqual({path.name for path in UNITS.iterdir()}, {SERVICE, *SOCKETS})
        for name in (SERVICE, *SOCKETS):
            for section in read_unit(name).values():
                empty = {key for key, values in section.items() if "" in values}
                self.assertEqual(empty - MAY_BE_EMPTY, set(), name)

    def test_start(self) -> None:
        """`ExecStart` is a command line of twistd and of ours."""
        program, *arguments = shlex.split(one(self.service, "Service", "ExecStart"))
        self.assertEqual(program, f"{PROGRAMS}twistd")
        at = arguments.index("mailfilter")
        twistd = ServerOptions()
        twistd.parseOptions(arguments[:at])
        self.assertTrue(twistd["nodaemon"])
        self.assertEqual(twistd["pidfile"], "")
        self.assertIn(DEFAULT_PATH, arguments)
        ours = Path(self.mktemp())
        ours.touch()
        options = Options()
        options.parseOptions(
            [str(ours) if word == DEFAULT_PATH else word for word in arguments[at + 1 :]]
        )
        self.assertEqual(options.loaded.path, str(ours.absolute()))

    def test_reload(self) -> None:
        """`ExecReload` is a command line of mailfilteradm, and asks where the service is."""
        program, command, *arguments = shlex.split(one(self.service, "Service", "ExecReload"))
        self.assertEqual(program, f"{PROGRAMS}mailfilteradm")
        above = adm.main.make_context("", [command])
        context = adm.main.commands[command].make_context(command, arguments, parent=above)
        self.assertEqual(context.params["state_dir"], SYSTEM_STATE_DIR)

    def test_state(self) -> None:
        """The service finds its state where it is asked for."""
        folder = f"/var/lib/{one(self.service, 'Service', 'StateDirectory')}"
        self.assertEqual(find_state_dir(None, {"STATE_DIRECTORY": folder}, "/"), SYSTEM_STATE_DIR)
        folder = f"/etc/{one(self.service, 'Service', 'ConfigurationDirectory')}"
        self.assertEqual(folder, os.path.dirname(DEFAULT_PATH))

    def test_times(self) -> None:
        """Systemd has more patience than the filter's defaults."""
        server = Server()
        times = {
            "TimeoutStopSec": server.stop_timeout + KILL_MARGIN,
            "TimeoutStartSec": 2 * server.reload_timeout,
            "WatchdogSec": server.watchdog,
        }
        for key, least in times.items():
            self.assertGreater(seconds(one(self.service, "Service", key)), least, key)

    def test_files(self) -> None:
        """A worker may open as many connections as its listeners accept."""
        most = sum(listener.max_connections for listener in default_listeners().values())
        self.assertGreater(int(one(self.service, "Service", "LimitNOFILE")), most)

    def test_sockets(self) -> None:
        """A socket unit is what its comment, the defaults and the manual say."""
        manual = (ROOT / "docs/operations.md").read_text()
        for file in SOCKETS:
            unit = read_unit(file)
            name = one(unit, "Socket", "FileDescriptorName")
            self.assertEqual(file, f"mailfilter-{name}.socket")
            ((listener, text),) = ENDPOINT.findall((UNITS / file).read_text())
            self.assertEqual(listener, name)
            self.assertIn(f'endpoint = "{text}"', manual)
            parameters = parse_endpoint(text).parameters
            self.assertEqual(parameters, {"domain": "INET", "name": name})
            usual = parse_endpoint(default_listeners()[name].endpoint)
            address = f"{usual.interface}:{PRIVILEGED.get(name, usual.port)}"
            self.assertEqual(one(unit, "Socket", "ListenStream"), address)
            self.assertEqual(one(unit, "Socket", "Service"), SERVICE)
            self.assertEqual(int(one(unit, "Socket", "Backlog")), sockets.BACKLOG)


class AnalyzeTests(SynchronousTestCase):
    """What `systemd-analyze` says."""

    def setUp(self) -> None:
        """Copy the units, with programs and a user that are there."""
        if why := peers.why_missing("systemd-analyze"):
            raise SkipTest(why)
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()
        for name in SOCKETS:
            shutil.copy(UNITS / name, self.folder)
        user = pwd.getpwuid(os.geteuid()).pw_name
        text = (UNITS / SERVICE).read_text()
        text = text.replace(PROGRAMS, f"{Path(sys.executable).parent}/")
        (self.folder / SERVICE).write_text(re.sub(r"(?m)^(User)=.*", rf"\1={user}", text))

    def analyze(self, *arguments: str) -> tuple[int, str]:
        """Exit status and output."""
        system = "lib/systemd/system"
        units = [
            self.folder,
            *(root / system for root in (peers.DEBIAN, peers.DEBIAN / "usr", Path("/"))),
        ]
        path = ":".join(str(folder) for folder in units if folder.exists())
        done = subprocess.run(
            [str(peers.find("systemd-analyze")), *arguments],
            env={**peers.environment(), "SYSTEMD_UNIT_PATH": path, "SYSTEMD_LOG_LEVEL": "warning"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
        )
        return done.returncode, done.stdout

    def test_verify(self) -> None:
        """Every directive is known and has a sound value."""
        files = [str(self.folder / name) for name in (SERVICE, *SOCKETS)]
        self.assertEqual(self.analyze("verify", "--man=no", *files), (0, ""))

    def test_verify_notices(self) -> None:
        """What is wrong is told, so that silence means something."""
        with (self.folder / SERVICE).open("a") as file:
            file.write("[Service]\nProtectSistem=strict\n")
        _, output = self.analyze("verify", "--man=no", str(self.folder / SERVICE))
        self.assertIn("ProtectSistem", output)

    def test_security(self) -> None:
        """The service can do little beyond its work."""
        limit = f"--threshold={MAX_EXPOSURE}"
        status, output = self.analyze(
            "security", "--offline=true", "--no-pager", limit, str(UNITS / SERVICE)
        )
        self.assertEqual(status, 0, output)
