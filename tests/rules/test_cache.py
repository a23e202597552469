"""Compiled rules on disk."""

import fcntl
import hashlib
import os
from pathlib import Path
from unittest.mock import patch

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.rules import cache
from mailfilter.rules.cache import MAX_FILES, Cache, Kept, key_of
from mailfilter.rules.compile import compile_rules
from mailfilter.rules.match import Matcher
from mailfilter.rules.model import Place, Trouble
from tests.rules.case import fired, rules_of

RULE = "A target = 'subject'\nmatch = '(?=x)x'"


class CacheTests(SynchronousTestCase):
    """What is kept, and what is not believed."""

    def setUp(self) -> None:
        """A directory that is not there yet, and rules."""
        self.path = Path(self.mktemp()) / "rules"
        self.cache = Cache(str(self.path))
        self.rules = rules_of(RULE, "B target = 'subject'\nmatch = '['")
        troubles = (Trouble(Place("r.toml", 3), "A: told"),)
        self.kept = Kept(compile_rules(self.rules), troubles)

    def test_kept(self) -> None:
        """What was put is found, and works as before."""
        self.assertIsNone(self.cache.get("k"))
        self.cache.put("k", self.kept)
        found = self.cache.get("k")
        self.assertEqual(found, self.kept)
        self.assertIsNone(self.cache.get("other"))
        matcher = Matcher(self.rules, self.kept.compiled)
        self.assertEqual(fired(matcher, "Subject: x\n\n"), ["A"])
        self.assertEqual(os.listdir(self.path), ["k.rules"])

    def test_memory(self) -> None:
        """Without a directory the last ones are kept, and no others."""
        memory = Cache(None)
        self.assertIsNone(memory.get("k"))
        memory.put("k", self.kept)
        self.assertIs(memory.get("k"), self.kept)
        memory.put("other", self.kept)
        self.assertIsNone(memory.get("k"))

    def test_private(self) -> None:
        """Only we can read or write it."""
        self.cache.put("k", self.kept)
        modes = [path.stat().st_mode & 0o777 for path in (self.path, self.path / "k.rules")]
        self.assertEqual(modes, [0o700, 0o600])

    def test_damaged(self) -> None:
        """What is damaged, cut or empty counts as not there."""
        self.cache.put("k", self.kept)
        file = self.path / "k.rules"
        data = file.read_bytes()
        flipped = bytearray(data)
        flipped[len(data) // 2] ^= 1
        for bad in (b"", data[:40], data[:-1], bytes(flipped), data + b"x", b"x" * 100):
            file.write_bytes(bad)
            self.assertIsNone(self.cache.get("k"))
        file.write_bytes(data)
        self.assertIsNotNone(self.cache.get("k"))

    def test_other_form(self) -> None:
        """Whole, but of another form."""
        self.cache.put("k", self.kept)
        payload = b"\x93\x01\x02\x03"
        digest = hashlib.sha256(payload).digest()
        (self.path / "k.rules").write_bytes(digest + payload)
        self.assertIsNone(self.cache.get("k"))

    def test_others_files(self) -> None:
        """What others may write, or have put there, is not read."""
        self.cache.put("k", self.kept)
        file = self.path / "k.rules"
        for path, mode in ((file, 0o620), (file, 0o602), (self.path, 0o770), (self.path, 0o707)):
            before = path.stat().st_mode
            path.chmod(mode)
            self.assertIsNone(self.cache.get("k"), f"{path} {mode:o}")
            path.chmod(before)
        with patch.object(os, "geteuid", return_value=54321):
            is_root = os.getuid() == 0
            self.assertEqual(self.cache.get("k") is None, not is_root)
        file.rename(self.path / "real")
        file.symlink_to("real")
        self.assertIsNone(self.cache.get("k"))

    def test_others_directory(self) -> None:
        """Nothing is put where others could change it."""
        self.path.mkdir(parents=True)
        self.path.chmod(0o777)
        error = self.assertRaises(PermissionError, self.cache.put, "k", self.kept)
        self.assertIn("expected chmod go-w", str(error))

    def test_full(self) -> None:
        """What cannot be written leaves nothing behind."""
        self.path.mkdir(parents=True)
        with patch.object(os, "replace", side_effect=OSError(28, "No space left on device")):
            self.assertRaises(OSError, self.cache.put, "k", self.kept)
        self.assertEqual(os.listdir(self.path), [])

    def test_cleaned(self) -> None:
        """Of many files those are kept that were used last."""
        for number in range(MAX_FILES):
            self.cache.put(f"k{number}", self.kept)
            os.utime(self.path / f"k{number}.rules", (number, number))
        self.cache.get("k0")
        self.cache.put("new", self.kept)
        found = {path.stem for path in self.path.iterdir()}
        self.assertEqual(found, {"new", "k0", *(f"k{number}" for number in range(2, MAX_FILES))})

    def test_alone(self) -> None:
        """One process at a time; where the directory is no good, nobody waits."""
        with self.cache.alone():
            descriptor = os.open(self.path, os.O_RDONLY)
            self.addCleanup(os.close, descriptor)
            with self.assertRaises(BlockingIOError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        self.path.chmod(0o777)
        for one in (self.cache, Cache(None), Cache("/proc/none/rules")):
            with one.alone(), one.alone():
                pass


class KeyTests(SynchronousTestCase):
    """What makes rules others."""

    def test_keys(self) -> None:
        """Expressions, targets, flags, conditions and examples; libraries."""
        texts = (
            RULE,
            RULE.replace("=x", "=y"),
            RULE.replace("subject", "body"),
            f"{RULE}\nflags = 'i'",
            f"{RULE}\nwhen = '!match'",
            f"{RULE}\nexamples.match = 'x'",
            f"{RULE}\nexamples.no_match = 'x'",
        )
        keys = {key_of(rules_of(text)) for text in texts}
        self.assertEqual(len(keys), len(texts))
        self.assertEqual(key_of(rules_of(RULE)), key_of(rules_of(RULE)))
        with patch.object(cache, "version", return_value="0"):
            self.assertNotIn(key_of(rules_of(RULE)), keys)
