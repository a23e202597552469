"""The lines for Unbound that the documentation has: it takes them."""

import re
import subprocess

from twisted.trial.unittest import TestCase

from . import peers, unbound
from .fetching import CHECKOUT
from .processes import private_directory

PAGE = CHECKOUT / "docs/dns.md"


class UnboundLinesTests(TestCase):
    """As they stand there."""

    def test_accepted(self) -> None:
        """Together with what is of this test alone."""
        unbound.need_unbound()
        lines = re.findall(r"```\n# /etc/unbound/\S+\n(.*?)```", PAGE.read_text(), re.DOTALL)
        self.assertEqual(len(lines), 1)
        file = private_directory() / "unbound.conf"
        file.write_text(f'{lines[0]}    username: ""\n    chroot: ""\n    directory: "/"\n')
        done = subprocess.run(
            [str(peers.find("unbound-checkconf")), str(file)],
            env=peers.environment(),
            capture_output=True,
            text=True,
            timeout=60,
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))
