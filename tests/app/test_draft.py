"""A configuration as it was when it was read, whatever becomes of its files."""

import shutil
import sys
from dataclasses import replace
from pathlib import Path

from mailfilter.app.checks import CheckFile, CheckLoadError, load_checks
from mailfilter.app.plan import draft, load_all, load_files
from mailfilter.codec.control import Boot, File, encode, to_worker_reader
from mailfilter.config import ConfigError
from mailfilter.config.files import Source
from mailfilter.config.load import Sources
from mailfilter.scan.check import Check
from tests.config.case import ConfigCase

from .test_plan import BROKEN, CHECK

TEXT = "[scan]\ncheck_dir = 'checks'\nmax_options = 7\n"
DATACLASS = """
from __future__ import annotations
from dataclasses import dataclass, field
from typing import ClassVar

@dataclass
class Note:
    text: str
    seen: ClassVar[int] = 0
    more: list[Note] = field(default_factory=list)
"""


class DraftTests(ConfigCase):
    def setUp(self) -> None:
        super().setUp()
        self.path = self.write("m.toml", TEXT)
        self.write("conf.d/x.toml", "symbols.OURS.score = 5")
        self.check = Path(self.write("checks/ours.py", CHECK))

    def assert_old(self, sources: Sources, files: tuple[CheckFile, ...]) -> None:
        """These are the files of the beginning."""
        loaded, plan = load_files(sources, files)
        self.assertEqual(loaded.config.scan.max_options, 7)
        self.assertIn("OURS", plan.symbols)
        self.assertEqual(loaded.config.symbols["OURS"].score, 5.0)
        self.assertEqual(loaded.origin("symbols.OURS.score").line, 1)
        self.assertEqual(loaded.path, self.path)

    def test_changed(self) -> None:
        found = draft(self.path)
        self.write("m.toml", "x = 1")
        self.write("conf.d/x.toml", "y = 2")
        self.write("conf.d/y.toml", "scan.max_options = 8")
        self.check.write_text(BROKEN)
        self.write("checks/more.py", BROKEN)
        self.assert_old(found.loaded.sources, found.check_files)
        self.assertRaises(ConfigError, draft, self.path)

    def test_gone(self) -> None:
        found = draft(self.path)
        shutil.rmtree(self.folder)
        self.assert_old(found.loaded.sources, found.check_files)
        self.folder.mkdir()

    def test_no_code_runs(self) -> None:
        """The one who only hands files on does not run what is in them."""
        trace = self.folder / "trace"
        self.check.write_text(f"open({str(trace)!r}, 'w')\n{CHECK}")
        found = draft(self.path)
        self.assertFalse(trace.exists())
        load_files(found.loaded.sources, found.check_files)
        self.assertTrue(trace.exists())

    def test_between_checks_and_files(self) -> None:
        """Without code of others, what only the plan can know is told at once, too."""
        self.write("m.toml", "[checks.gtubee]\nenabled = false")
        with self.assertRaises(ConfigError) as caught:
            draft(self.path)
        self.assertIn("did you mean gtube?", str(caught.exception))

    def test_defaults(self) -> None:
        found = draft(None)
        self.assertEqual((found.check_files, found.loaded.sources.files), ((), ()))
        loaded, _plan = load_files(found.loaded.sources, found.check_files)
        self.assertEqual(loaded.config, found.loaded.config)

    def test_wrong(self) -> None:
        """What can be seen without running anything is told at once, by file and line."""
        self.check.chmod(0o666)
        for text, words in (
            (TEXT, f"{self.path}:2: scan.check_dir: {self.check}: is writable by others"),
            (
                "[scan]\ncheck_dir = 'none'",
                f"{self.path}:2: scan.check_dir: {self.folder}/none: No",
            ),
            ("x = 1", f"{self.path}:1: x = 1: unknown key"),
        ):
            self.write("m.toml", text)
            with self.assertRaises(ConfigError) as caught:
                draft(self.path)
            self.assertIn(words, str(caught.exception))

    def test_wrong_code(self) -> None:
        """What must be run to be seen is told by those who run it, with the same words."""
        self.check.write_text(BROKEN)
        found = draft(self.path)
        texts = []
        for load in (
            lambda: load_files(found.loaded.sources, found.check_files),
            lambda: load_all(self.path),
        ):
            with self.assertRaises(ConfigError) as caught:
                load()
            texts.append(str(caught.exception))
        self.assertEqual(texts[0], texts[1])
        self.assertIn(f"{self.path}:2: scan.check_dir: {self.check}: ModuleNotFoundError", texts[0])

    def test_sent(self) -> None:
        """Through a pipe nothing is lost, not even octets that are no text."""
        found = draft(self.path)
        sources = found.loaded.sources
        boot = Boot(
            generation=1,
            place=0,
            seconds=1.0,
            state_dir="/var/lib/mailfilter",
            config=sources.path,
            directory=sources.directory,
            files=tuple(File(i.file, i.data, i.mode, i.gid) for i in sources.files),
            checks=tuple(File(i.path, i.data) for i in found.check_files),
            sockets=(),
            is_strict=False,
            log="-",
        )
        (there,) = to_worker_reader().receive(encode(boot))
        assert isinstance(there, Boot)
        files = tuple(Source(item.path, item.data, item.mode, item.gid) for item in there.files)
        self.assertEqual(replace(sources, files=files), sources)
        checks = tuple(CheckFile(item.path, item.data) for item in there.checks)
        self.assert_old(Sources(there.config, there.directory, files), checks)


class ModuleTests(ConfigCase):
    """What code in a file of checks may count on."""

    def made(self, text: str) -> type[Check]:
        path = self.folder / "ours.py"
        found = load_checks([CheckFile(str(path), text.encode())])[-1]
        self.addCleanup(sys.modules.pop, found.__module__, None)
        return found

    def test_dataclass(self) -> None:
        """With annotations that are texts, which are looked up in the module."""
        self.made(DATACLASS + CHECK)

    def test_names(self) -> None:
        """The file's own path, and a traceback that leads there."""
        found = self.made(f"HERE = __file__\nNAME = __name__\n{CHECK}")
        run = found.run
        self.assertEqual(run.__globals__["HERE"], str(self.folder / "ours.py"))
        self.assertEqual(run.__code__.co_filename, str(self.folder / "ours.py"))

    def test_encoding(self) -> None:
        path = str(self.folder / "ours.py")
        text = "# coding: latin-1\nTEXT = 'ä'\n" + CHECK
        found = load_checks([CheckFile(path, text.encode("latin-1"))])[-1]
        self.assertEqual(found.run.__globals__["TEXT"], "ä")

    def test_failed(self) -> None:
        """Of what could not be loaded nothing stays behind."""
        before = set(sys.modules)
        for text in ("import nothing_of_this_name", "def", "import sys; sys.exit(1)"):
            self.assertRaises(CheckLoadError, self.made, text)
        self.assertEqual({name for name in sys.modules if "operator" in name} - before, set())

    def test_side_by_side(self) -> None:
        """Two versions in one process do not know of each other."""
        old, new = self.made("X = 1\n" + CHECK), self.made("X = 2\n" + CHECK)
        values = [item.run.__globals__["X"] for item in (old, new)]
        self.assertEqual(values, [1, 2])
