"""miltertest, the MTA's side of libmilter's own world, offers the filter old and new protocols."""

import subprocess
from pathlib import Path
from typing import ClassVar

from . import peers
from .harness import LiveCase
from .processes import wait_until
from .told import told

SCRIPT = Path(__file__).with_name("miltertest") / "sessions.lua"
ENDING = "all done"


class MiltertestTests(LiveCase):
    """A script of sessions, with each offer."""

    needs: ClassVar[tuple[str, ...]] = ("miltertest",)

    def offer(self, version: int | None, actions: int | None, steps: int | None) -> None:
        """Run the script with an offer, `None` is the newest; then look at what was scanned."""
        tag = f"tell-{self._testMethodName}"
        variables = {
            "SOCKET": f"inet:{self.filter.milter}@127.0.0.1",
            "VERSION": str(version).lower(),
            "ACTIONS": str(actions).lower(),
            "STEPS": str(steps).lower(),
            "TAG": tag,
        }
        command = [str(peers.find("miltertest")), "-s", str(SCRIPT)]
        command += [f"-D{name}={value}" for name, value in variables.items()]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            env=peers.environment(),
            timeout=120,
            check=False,
        )
        self.assertEqual((done.returncode, done.stdout.strip()), (0, ENDING), done.stderr)
        shown = told(self.filter, tag)
        self.assertEqual(shown.raw.partition(b"\r\n\r\n")[2], b"The last one.\r\n")
        self.assertIn(b"\r\nSubject: from miltertest\r\n", shown.raw)
        envelope = shown.envelope
        self.assertEqual(envelope["client_ip"], "192.0.2.17")
        self.assertEqual(envelope["sender_args"], ["SIZE=100"])
        self.assertEqual((envelope["user"], envelope["queue_id"]), ("dave", "MT1"))
        self.assertEqual(len(envelope["recipients"]), 1)
        wait_until(self.is_quiet, "the connections to end")
        self.assertEqual(len(self.filter.records(self.mark)), 7)

    def is_quiet(self) -> bool:
        """No connection is open."""
        return self.filter.connections() <= 0

    def test_newest(self) -> None:
        """All that miltertest knows."""
        self.offer(None, None, None)

    def test_version_2(self) -> None:
        """Sendmail 8.13: no step may be without a reply."""
        self.offer(2, 0x3F, 0x7F)

    def test_version_2_few(self) -> None:
        """Neither quarantine nor all steps."""
        self.offer(2, 0x0F, 0x3F)

    def test_version_3(self) -> None:
        """With unknown commands."""
        self.offer(3, 0x3F, 0x17F)

    def test_version_4(self) -> None:
        """With DATA."""
        self.offer(4, 0x3F, 0x3FF)

    def test_version_5(self) -> None:
        """A version that nobody uses."""
        self.offer(5, 0x1FF, 0x3FF)

    def test_version_6_no_actions(self) -> None:
        """No edit is allowed: none is asked for, the verdicts stand."""
        self.offer(6, 0, 0x1FFFFF)

    def test_version_6_some_steps(self) -> None:
        """Every second step without a reply."""
        self.offer(6, 0x1FF, 0x0AAAAF)
