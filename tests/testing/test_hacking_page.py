"""HACKING.md: the check that asks DNS, and its test, do what the page says."""

import re
import sys
from pathlib import Path

from twisted.internet.utils import getProcessOutputAndValue
from twisted.trial.unittest import TestCase

ROOT = Path(__file__).parents[2]

_BLOCK = re.compile(r"```python\n# (\w+\.py)\n(.*?)```", re.DOTALL)


class PageTests(TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()
        blocks = _BLOCK.findall((ROOT / "HACKING.md").read_text("utf-8"))
        self.assertEqual([name for name, _ in blocks], ["no_mx.py", "test_no_mx.py"])
        for name, text in blocks:
            (self.folder / name).write_text(text, "utf-8")

    async def test_test(self) -> None:
        """The test of the check runs beside it, and passes."""
        code = "from twisted.scripts.trial import run; run()"
        out, err, status = await getProcessOutputAndValue(
            sys.executable,
            ["-c", code, "test_no_mx"],
            env={"PYTHONPATH": f"{self.folder}:{ROOT}"},
            path=str(self.folder),
        )
        self.assertEqual(status, 0, (out + err).decode())
        self.assertIn(b"successes=3", out)
