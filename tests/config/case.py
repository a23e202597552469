"""A configuration in a folder of its own."""

import os
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from hypothesis import settings
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config import ConfigError, Loaded, load

EXAMPLES = settings(derandomize=True, deadline=None, database=None)
"""The same random examples in every run, however slow the machine is."""


class ConfigCase(SynchronousTestCase):
    """Writes configuration files and loads them."""

    def setUp(self) -> None:
        # trial's own names are too long for the path of a socket.
        self.folder = Path(mkdtemp()).resolve()
        self.addCleanup(rmtree, self.folder)

    def write(self, name: str, text: str | bytes) -> str:
        """Write a file below the folder and return its path."""
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return str(path)

    def load(self, text: str | bytes, **fragments: str) -> Loaded:
        """Load a main file with this text; fragments are files in conf.d by their names."""
        for name, fragment in fragments.items():
            self.write(f"conf.d/{name}.toml", fragment)
        return load(self.write("m.toml", text))

    def problems(self, text: str | bytes, **fragments: str) -> list[str]:
        """The problems of such files, with the folder taken out of the texts."""
        with self.assertRaises(ConfigError) as caught:
            self.load(text, **fragments)
        error = caught.exception
        self.assertEqual(str(error), "\n".join(str(problem) for problem in error.problems))
        return [str(item).replace(str(self.folder) + os.sep, "") for item in error.problems]
