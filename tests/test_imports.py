"""Who may import whom: layers one way (docs/architecture.md, "Import rule")."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from twisted.trial.unittest import SynchronousTestCase

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "mailfilter"

STORE_INTERFACE = frozenset({"store.base", "store.calls", "store.errors", "store.keys"})
"""What those who remember things know of the store."""

DNS_VALUES = frozenset({"codec.dns_answer", "codec.dns_name"})
"""Questions and answers, for those who ask without knowing how that is done."""

STORE_OF_CLIENT = STORE_INTERFACE | {
    "store.make_store",
    "store.store_path",
    "store.embedded.EmbeddedStore",
    "store.upkeep",
}
"""The commands also open one, look after it, and move it."""

MAY_IMPORT: dict[str, frozenset[str]] = {
    "": frozenset(),
    "codec": frozenset({"mail"}),
    "mail": frozenset({"codec"}),
    "config": frozenset({"codec.password", "codec.base32", "codec.curve25519"}),
    "maps": frozenset({"codec", "config.model"}),
    "net": frozenset({"codec", "config.model"}),
    "auth": frozenset({"mail", *DNS_VALUES}),
    "classifier": frozenset({"mail"}),
    "scan": frozenset(
        {"mail", "maps", "config.model", "auth.signing_keys", "classifier.shared", *DNS_VALUES}
    ),
    "rules": frozenset({"mail", "scan", "maps", "config.model"}),
    "checks": frozenset({"mail", "scan", "maps", "auth", "classifier", *DNS_VALUES}),
    "tls": frozenset({"codec", "config.model"}),
    "report": frozenset({"scan", "mail", "classifier", "config.model", *STORE_INTERFACE}),
    "servers": frozenset(
        {"codec", "scan", "report", "mail", "tls", "maps", "config.model", *STORE_INTERFACE}
    ),
    "client": frozenset(
        {
            "codec",
            "scan",
            "report",
            "mail",
            "tls",
            "config",
            "net",
            "auth",
            "rules",
            "classifier",
            *STORE_OF_CLIENT,
        }
    ),
    "store": frozenset({"config.model", "config.peer", "tls"}),
    "testing": frozenset(
        {
            "codec",
            "mail",
            "scan",
            "maps",
            "auth",
            "classifier.shared",
            "rules",
            "config.model",
            "servers",
            *STORE_INTERFACE,
        }
    ),
}
"""Package -> packages (or single modules) of ours that it may import, beside itself.

`syntax` is for all. `app` is not in the table: it puts everything together and may import
everything. A new package gets a line here, or the test fails.
"""

TWISTED_IN = frozenset(
    {"app", "servers", "net", "store", "maps", "report", "client", "testing", "tls"}
)
"""Packages that may import Twisted (and zope, its interfaces)."""
TWISTED_IN_FILES = frozenset({"scan/lookups.py", "scan/run.py", "scan/together.py", "scan/walk.py"})


class Import(NamedTuple):
    """One import: file and line of it, and the dotted name of the module that is imported."""

    file: str
    line: int
    module: str

    @property
    def package(self) -> str:
        """Our package that the file belongs to; empty for files directly in `mailfilter`."""
        return self.file.split("/")[0] if "/" in self.file else ""


def absolute(file: str, node: ast.ImportFrom) -> str:
    """The module that a `from ... import` names, with its dots resolved."""
    if node.level == 0:
        return node.module or ""
    here = ["mailfilter", *file.split("/")[:-1]]
    base = here[: len(here) - node.level + 1]
    return ".".join([*base, node.module] if node.module else base)


def imports_of(file: str, source: str) -> Iterator[Import]:
    """Every import in a file, wherever it stands (functions and `TYPE_CHECKING` count too)."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(file, node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom):
            module = absolute(file, node)
            for alias in node.names:
                # `from ..config import model` imports a module, `from .x import name` a value.
                yield Import(file, node.lineno, f"{module}.{alias.name}")


def is_ours(module: str) -> bool:
    """Tell whether a dotted name is in our package."""
    return module == "mailfilter" or module.startswith("mailfilter.")


def is_allowed(found: Import) -> bool:
    """Apply the table to an import of ours."""
    if found.package == "app":
        return True
    target = found.module.removeprefix("mailfilter").lstrip(".")
    if target.split(".")[0] in ("", "__version__", "syntax"):
        return True
    package = target.split(".")[0]
    if package == found.package:
        return True
    allowed = MAY_IMPORT.get(found.package, frozenset())
    return any(target == name or target.startswith(f"{name}.") for name in allowed)


def may_use_twisted(found: Import) -> bool:
    """Apply the rule for Twisted."""
    return found.package in TWISTED_IN or found.file in TWISTED_IN_FILES


def is_twisted(module: str) -> bool:
    """Tell whether a dotted name is Twisted, or what it brings along."""
    return module.split(".")[0] in ("twisted", "zope", "treq", "txredisapi")


def our_files() -> list[Path]:
    """All source files of the package."""
    return sorted(PACKAGE.rglob("*.py"))


def all_imports() -> Iterator[Import]:
    """Every import in the package."""
    for path in our_files():
        name = path.relative_to(PACKAGE).as_posix()
        yield from imports_of(name, path.read_text("utf-8"))


class LayerTests(SynchronousTestCase):
    """The layers of the package."""

    def test_packages(self) -> None:
        """No package imports one above it."""
        bad = [found for found in all_imports() if is_ours(found.module) and not is_allowed(found)]
        self.assertEqual(bad, [])

    def test_twisted(self) -> None:
        """Twisted stays in the packages that do input and output."""
        bad = [
            found
            for found in all_imports()
            if is_twisted(found.module) and not may_use_twisted(found)
        ]
        self.assertEqual(bad, [])

    def test_every_package_has_a_rule(self) -> None:
        """A new package cannot slip past the table."""
        packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
        self.assertEqual(packages - set(MAY_IMPORT) - {"app"}, set())

    def test_plugin(self) -> None:
        """The plugin, which every twistd imports, brings in nothing but the service maker."""
        source = (ROOT / "twisted/plugins/mailfilter_plugin.py").read_text("utf-8")
        found = [item.module for item in imports_of("plugin.py", source)]
        self.assertEqual(found, ["twisted.application.service.ServiceMaker"])


class RuleTests(SynchronousTestCase):
    """The rule itself: what it must refuse and what it must let pass."""

    def check_source(self, file: str, source: str) -> list[bool]:
        """Apply the table to every import of ours in a source text."""
        return [is_allowed(item) for item in imports_of(file, source) if is_ours(item.module)]

    def test_refused(self) -> None:
        """Imports up the layers are found in each spelling and wherever they stand."""
        for file, source in (
            ("mail/parse.py", "from ..scan.verdict import Verdict"),
            ("mail/parse.py", "from .. import scan"),
            ("codec/milter.py", "import mailfilter.scan.envelope"),
            ("codec/milter.py", "def f():\n    from mailfilter.scan import envelope"),
            ("checks/x.py", "from ..servers.http import Thing"),
            ("scan/run.py", "from ..config.load import read"),
            ("scan/run.py", "from ..config import load"),
            ("scan/a/b.py", "from ...report import line"),
            ("servers/http.py", "if TYPE_CHECKING:\n    from ..app.tap import Options"),
            ("report/x.py", "from ..store import make_store"),
            ("report/x.py", "from ..store.embedded import EmbeddedStore"),
            ("client/x.py", "from ..store.sqlite.opening import Opening"),
            ("client/x.py", "from ..store.redis import RedisStore"),
            ("brandnew/x.py", "from ..mail import parse"),
        ):
            self.assertEqual(self.check_source(file, source), [False], f"{file}: {source}")

    def test_allowed(self) -> None:
        """Imports down the layers pass."""
        for file, source in (
            ("mail/parse.py", "from .headers import Headers"),
            ("scan/run.py", "from ..config.model import Scan"),
            ("scan/run.py", "from ..config import model"),
            ("checks/x.py", "from ..scan.check import Check"),
            ("servers/http.py", "from .. import __version__"),
            ("report/x.py", "from ..store.calls.bounds import parts"),
            ("client/x.py", "from ..store import make_store"),
            ("app/tap.py", "from ..servers import http"),
        ):
            self.assertEqual(self.check_source(file, source), [True], f"{file}: {source}")

    def test_twisted(self) -> None:
        """Only the runner of `scan` may use Twisted."""
        source = "from twisted.internet.defer import Deferred"
        for file, expected in (("scan/run.py", True), ("scan/plan.py", False)):
            (item,) = imports_of(file, source)
            self.assertTrue(is_twisted(item.module))
            self.assertEqual(may_use_twisted(item), expected)
