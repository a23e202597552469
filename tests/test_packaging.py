"""The package as users get it: the wheel, the source distribution, the editable checkout."""

import ast
import configparser
import http.client
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import venv
import zipfile
from collections.abc import Sequence
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from tempfile import mkdtemp

from twisted.trial.unittest import SynchronousTestCase

from mailfilter import __version__
from tests.live.processes import free_port

ROOT = Path(__file__).parents[1]

TREE = (
    *("mailfilter", "twisted", "etc", "tests", "docs", "bench", "share", "changes.d"),
    *("setup.cfg", "pyproject.toml", "MANIFEST.in", "LICENSE", "README.md", "Makefile"),
    *("HACKING.md", "CHANGES.md", "ruff.toml", "towncrier.toml"),
    *("requirements.lock", "requirements-dev.lock", "requirements-build.lock"),
)
"""What a clean checkout holds. Building happens in a copy: setuptools takes up leftovers of an
earlier build, and two test processes must not write into the same folder."""

SECONDS = 120
"""For a command; far more than it takes, so that a slow machine is no failure."""

RUN = """\
import sys
from importlib.metadata import entry_points
(script,) = entry_points(group="console_scripts", name=sys.argv[1])
del sys.argv[0]
sys.exit(script.load()())
"""
"""What the console scripts `twistd` and `twist` do that pip makes when it installs Twisted."""

COMMANDS = (("twistd", "-n", "--pidfile=", "mailfilter"), ("twist", "mailfilter"))


def environment() -> dict[str, str]:
    """The variables of this process but those of Python, such as the path that trial sets."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def execute(command: Sequence[str], cwd: Path) -> str:
    """Run a command that must succeed, and return what it prints."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise AssertionError(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


@cache
def copy_of_tree() -> Path:
    """A copy of the checkout without what tests and tools leave in it."""
    copy = Path(mkdtemp(dir=Path.cwd()))
    ignore = shutil.ignore_patterns("__pycache__", "dropin.cache")
    for name in TREE:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=ignore)
        elif source.exists():
            shutil.copy(source, copy / name)
    return copy


@cache
def built() -> Path:
    """The folder with the source distribution and the wheel that is built from it."""
    # Without isolation: the build system is installed here, and tests need no network.
    execute([sys.executable, "-m", "build", "--no-isolation", "."], copy_of_tree())
    return copy_of_tree() / "dist"


def fresh_python() -> Path:
    """The interpreter of a new virtual environment that has our dependencies, but not us.

    The dependencies are those of the environment of the tests, put on the path behind the new
    environment's own packages: downloading them would take minutes and the network. Links to
    checkouts in the other environment (its `.pth` files) are not followed from here.
    """
    folder = Path(mkdtemp(dir=Path.cwd()))
    venv.create(folder, symlinks=True, with_pip=False)
    (site_packages,) = folder.glob("lib/python3*/site-packages")
    ours = [path for path in sys.path if path.endswith("site-packages")]
    (site_packages / "dependencies.pth").write_text("\n".join(ours) + "\n")
    return folder / "bin/python"


def install(python: Path, *what: str) -> None:
    """Install with the pip of the environment of the tests, from this host alone."""
    pip = [sys.executable, "-m", "pip", "--isolated", "--python", str(python), "install"]
    execute([*pip, "--quiet", "--no-deps", "--no-index", "--no-build-isolation", *what], Path.cwd())


def ping(port: int) -> bytes:
    """The answer to `/ping`; empty while nobody listens."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/ping")
        return connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return b""
    finally:
        connection.close()


def wait_for_ping(process: subprocess.Popen[bytes], port: int) -> bytes:
    """Ask until there is an answer; empty if the process ends or the time is up."""
    limit = time.monotonic() + SECONDS
    while process.poll() is None and time.monotonic() < limit:
        if answer := ping(port):
            return answer
        time.sleep(0.05)
    return b""


def configuration(folder: Path) -> tuple[Path, int]:
    """A configuration file with the default listeners on free ports, and the one of HTTP."""
    milter, scan = free_port(), free_port()
    path = folder / "mailfilter.toml"
    path.write_text(
        "[listeners.milter]\n"
        'protocol = "milter"\n'
        f'endpoint = "tcp:{milter}:interface=127.0.0.1"\n'
        "[listeners.scan]\n"
        'protocol = "scan"\n'
        f'endpoint = "tcp:{scan}:interface=127.0.0.1"\n'
        "[listeners.spamd]\n"
        "enabled = false\n"
        "[listeners.controller]\n"
        "enabled = false\n"
    )
    return path, scan


def requirements(path: Path) -> dict[str, str]:
    """Names and versions of a lock file."""
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", path.read_text("utf-8"), re.MULTILINE))


def normal(name: str) -> str:
    """The name of a distribution as lock files spell it."""
    return re.sub(r"[-_.]+", "-", name).lower()


class InstallTests(SynchronousTestCase):
    """Installed in either way, the filter starts under both of Twisted's commands."""

    def check_installed(self, python: Path, source: Path) -> None:
        """The package comes from `source`; it starts, answers, and ends when it is told to."""
        cwd = Path(mkdtemp(dir=Path.cwd()))
        where = execute([str(python), "-c", "import mailfilter; print(mailfilter.__file__)"], cwd)
        self.assertIn(source.resolve(), Path(where.strip()).resolve().parents)
        for command in COMMANDS:
            self.check_starts([str(python), "-c", RUN, *command], cwd)

    def check_starts(self, command: Sequence[str], cwd: Path) -> None:
        """Start the filter, ask it, and interrupt it."""
        config, port = configuration(cwd)
        log = cwd / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*command, "--config", str(config)],
                cwd=cwd,
                env=environment(),
                stdout=output,
                stderr=output,
            )
        try:
            answer = wait_for_ping(process, port)
            self.assertTrue(answer.startswith(b"pong"), (answer, log.read_text("utf-8")))
            process.send_signal(signal.SIGINT)
            status = process.wait(SECONDS)
        finally:
            process.kill()
            process.wait()
        text = log.read_text("utf-8")
        self.assertIn(status, (0, -signal.SIGINT), text)
        self.assertNotIn("Traceback", text)

    def test_wheel(self) -> None:
        """The wheel brings all that is needed."""
        (wheel,) = built().glob("*.whl")
        python = fresh_python()
        install(python, str(wheel))
        self.check_installed(python, python.parents[1])
        for name in ("man/man1/mailfilterc.1", "bash-completion/completions/mailfilteradm"):
            self.assertTrue((python.parents[1] / "share" / name).is_file(), name)

    def test_editable(self) -> None:
        """So does an editable installation."""
        python = fresh_python()
        install(python, "--editable", str(copy_of_tree()))
        self.check_installed(python, copy_of_tree())


def data_in(names: Sequence[str]) -> set[str]:
    """Of the names in an archive, the data of the package: scripts for Redis, lines for MTAs."""
    found = re.compile(r"(?:[^/]+/)?(mailfilter/(?:store/scripts|client/mta/templates)/[^/]+)")
    return {match[1] for match in map(found.fullmatch, names) if match}


class DistributionTests(SynchronousTestCase):
    """What the distributions hold."""

    def test_source(self) -> None:
        """The source distribution has the configuration and the tests, and nothing made."""
        with tarfile.open(built() / f"mailfilter-{__version__}.tar.gz") as archive:
            names = {name.partition("/")[2] for name in archive.getnames()}
        for name in ("etc/mailfilter.toml", "tests/test_packaging.py", "Makefile", "README.md"):
            self.assertIn(name, names)
        self.assertEqual([name for name in names if "__pycache__" in name or ".cache" in name], [])

    def test_data(self) -> None:
        """Both have the scripts that run in Redis, and what is put into MTAs."""
        folders = (ROOT / "mailfilter/store/scripts", ROOT / "mailfilter/client/mta/templates")
        data = {
            path.relative_to(ROOT).as_posix()
            for folder in folders
            for path in folder.iterdir()
            if path.is_file() and path.suffix != ".py"
        }
        self.assertTrue(len(data) > 10, data)
        (wheel,) = built().glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            self.assertEqual(data_in(archive.namelist()), data)
        with tarfile.open(built() / f"mailfilter-{__version__}.tar.gz") as source:
            self.assertEqual(data_in(source.getnames()), data)

    def test_share(self) -> None:
        """Both have manual pages and completion, the wheel where an installation puts them."""
        share = {
            path.relative_to(ROOT).as_posix()
            for path in (ROOT / "share").rglob("*")
            if path.is_file()
        }
        self.assertIn("share/man/man8/mailfilteradm.8", share)
        (wheel,) = built().glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            names = [name.partition(".data/data/") for name in archive.namelist()]
        self.assertEqual({name for _, mark, name in names if mark}, share)
        with tarfile.open(built() / f"mailfilter-{__version__}.tar.gz") as source:
            found = {name.partition("/")[2] for name in source.getnames()}
        self.assertEqual(share - found, set())

    def test_every_file_of_tests_is_in_it(self) -> None:
        """Data of the tests are not left out."""
        with tarfile.open(built() / f"mailfilter-{__version__}.tar.gz") as archive:
            names = {name.partition("/")[2] for name in archive.getnames()}
        tree = copy_of_tree()
        files = [path for path in (tree / "tests").rglob("*") if path.is_file()]
        wanted = {path.relative_to(tree).as_posix() for path in files if path.suffix != ".pyc"}
        self.assertEqual(wanted - names, set())


def names_of(requirements: str) -> set[str]:
    """The packages of a list, whatever extras of theirs are wanted."""
    return {normal(name.partition("[")[0]) for name in requirements.split()}


class DependencyTests(SynchronousTestCase):
    """What setup.cfg asks for, what the code imports, and what the lock files fix."""

    def setUp(self) -> None:
        """Read setup.cfg and the lock files."""
        setup = configparser.ConfigParser()
        setup.read(ROOT / "setup.cfg", "utf-8")
        self.wanted = names_of(setup["options"]["install_requires"])
        self.extra = names_of(setup["options.extras_require"]["dev"])
        self.runtime = requirements(ROOT / "requirements.lock")
        self.dev = requirements(ROOT / "requirements-dev.lock")

    def test_locked(self) -> None:
        """Every dependency is locked, and both lock files agree."""
        self.assertEqual(self.wanted - set(self.runtime), set())
        self.assertEqual((self.wanted | self.extra) - set(self.dev), set())
        self.assertEqual(dict(self.runtime, **self.dev), dict(self.dev, **self.runtime))

    def test_hashes(self) -> None:
        """Every locked version has a hash."""
        for path in ROOT.glob("requirements*.lock"):
            for entry in re.split(r"\n(?=[a-z0-9])", path.read_text("utf-8")):
                if "==" in entry:
                    self.assertIn("--hash=sha256:", entry, path.name)

    def test_imports_are_declared(self) -> None:
        """The package imports only what setup.cfg asks for."""
        found = set()
        for path in (ROOT / "mailfilter").rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Import):
                    found |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                    found.add(node.module.partition(".")[0])
        foreign = found - set(sys.stdlib_module_names) - {"mailfilter"}
        owners = packages_distributions()
        declared = {
            name
            for name in foreign
            if self.wanted & {normal(owner) for owner in owners.get(name, ())}
        }
        self.assertEqual(foreign - declared, set())
