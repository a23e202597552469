"""Messages through Postfix are remembered, and explained by the trace id that was told of them."""

import functools
import json
import re
import subprocess
from typing import Any

from .delivered import values
from .harness import SENDER, Filter, PostfixCase, message_file, shared_sink
from .postfix import Postfix
from .postfix_cf import Smtpd
from .processes import wait_until

SETTINGS = """\
[scan]
trace_header = "X-Mailfilter-Trace"
trace_in_reply = true
"""


@functools.cache
def own_filter() -> Filter:
    """Two workers with one store, which tell the trace id."""
    own = Filter(start=False)
    own.configure(SETTINGS)
    return own


@functools.cache
def own_postfix() -> Postfix:
    """Asks that filter."""
    return Postfix({"tcp": Smtpd(f"inet:127.0.0.1:{own_filter().milter}")}, shared_sink().port)


class HistoryTests(PostfixCase):
    """From the reply and the header to the explanation."""

    def setUp(self) -> None:
        """Use a Postfix of our own, too."""
        super().setUp()
        self.postfix = own_postfix()

    def make_filter(self) -> Filter:
        """One that tells trace ids."""
        own = own_filter()
        own.start()
        self.addCleanup(own.kill)
        return own

    def adm(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `mailfilteradm` beside the filter."""
        return self.filter.adm(*arguments)

    def history(self, *arguments: str) -> list[dict[str, Any]]:
        """The rows that are found."""
        done = self.adm("history", "--json", *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return [json.loads(line) for line in done.stdout.splitlines()]

    def wait_history(self, *arguments: str, count: int = 1) -> list[dict[str, Any]]:
        """The same, once there are so many: rows are stored a while after their reply."""
        wait_until(lambda: len(self.history(*arguments)) >= count, f"rows for {arguments}")
        return self.history(*arguments)

    def test_rejected(self) -> None:
        """The reply to a refused message ends with what explains it."""
        reply = self.send(message_file("gtube-reject.eml"))
        self.assertEqual(reply.code, 554)
        found = re.search(r"5\.7\.1 Gtube pattern \(trace ([0-9a-f]{12})\)$", reply.text)
        assert found is not None, reply.text
        (row,) = self.wait_history("--to", self.box)
        self.assertEqual((row["trace_id"], row["action"]), (found[1], "reject"))
        self.assertEqual(row["sender_smtp"], SENDER)
        done = self.adm("explain", reply.text)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("forced by   gtube", done.stdout)
        self.assertIn(self.box, done.stdout)

    def test_delivered(self) -> None:
        """A delivered message carries it in a header, and none that its sender has put there."""
        forged = b"x-mailfilter-trace: 0123456789ab\r\n"
        message = forged + message_file("ham.eml").replace(
            b"\r\n\r\n", b"\r\n" + forged + b"\r\n", 1
        )
        self.assertEqual(self.send(message).code, 250)
        delivered = self.postfix.wait_mailbox(self.box)[0]
        (trace_id,) = values(delivered, "X-Mailfilter-Trace")
        (row,) = self.wait_history("--address", self.box, "--message-id", "ham-1@example.org")
        self.assertEqual(row["trace_id"], trace_id)
        done = self.adm("explain", "--json", trace_id)
        checks = json.loads(done.stdout)["detail"]["checks"]
        self.assertIn("mime_good", [item["check"] for item in checks])

    def test_restarted(self) -> None:
        """What was remembered is there after a restart, from all workers; also the last of it."""
        for _ in range(20):
            self.send(message_file("ham.eml"))
        self.filter.stop()
        self.assertEqual(len(self.history("--to", self.box)), 20)
        self.filter.start()
        self.send(message_file("ham.eml"))
        rows = self.wait_history("--to", self.box, count=21)
        self.assertEqual(len({row["trace_id"] for row in rows}), 21)

    def test_unknown(self) -> None:
        """A trace id of elsewhere."""
        done = self.adm("explain", "0123456789ab")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("no scan 0123456789ab is remembered", done.stderr)
