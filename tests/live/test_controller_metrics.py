"""Metrics and series of a filter with two workers: nothing is lost, whatever becomes of them."""

import json
import os
import signal
from typing import Any

from prometheus_client.openmetrics.parser import text_string_to_metric_families

from mailfilter.client.control import ask as control
from mailfilter.codec.control import Answer

from .controller_case import ask
from .harness import Filter, LiveCase, message_file
from .processes import wait_until
from .scan_client import Connection, with_length

OPENMETRICS = {"Accept": "application/openmetrics-text"}


class MetricsTests(LiveCase):
    """A filter of our own."""

    def make_filter(self) -> Filter:
        """Two workers, and nobody but this machine is let in."""
        own = Filter(start=False, workers=2)
        own.start()
        self.addCleanup(own.kill)
        return own

    def scan(self, count: int, name: str) -> None:
        """Scan a message so often, each over a connection of its own, by which both are met."""
        request = with_length(message_file(name))
        for _ in range(count):
            connection = Connection(self.filter.http)
            connection.scan(request)
            connection.close()

    def metrics(self) -> dict[str, float]:
        """Samples by name and values of labels."""
        reply = ask(self.filter.controller, "/metrics", headers=OPENMETRICS)
        self.assertEqual(reply.status, 200, reply.body)
        return {
            "/".join((sample.name, *map(str, sample.labels.values()))): sample.value
            for family in text_string_to_metric_families(reply.body.decode())
            for sample in family.samples
        }

    def series(self, name: str) -> dict[str, Any]:
        """What pages are told."""
        reply = ask(self.filter.controller, f"/api/series?range={name}")
        self.assertEqual(reply.status, 200, reply.body)
        value: dict[str, Any] = json.loads(reply.body)
        return value

    def counted(self, name: str) -> tuple[int, int]:
        """Of a range, the messages that were clean, and those that were rejected."""
        actions = self.series(name)["actions"]
        clean, rejected = (
            sum(count or 0 for count in actions[action]) for action in ("no action", "reject")
        )
        return clean, rejected

    def test_metrics(self) -> None:
        """Workers are summed; what a dead one had counted stays."""
        self.scan(20, "ham.eml")
        self.scan(4, "gtube-reject.eml")
        wait_until(lambda: self.metrics()["mailfilter_scans_total"] == 24, "all scans", 30)
        found = self.metrics()
        for name, value in (
            ("rspamd_scanned_total", 24),
            ("rspamd_actions_total/reject", 4),
            ("mailfilter_symbol_hits_total/GTUBE/spam", 4),
            ("mailfilter_scan_seconds_count", 24),
            ("mailfilter_check_seconds_count/gtube", 24),
            ("mailfilter_store_up", 1),
            ("mailfilter_workers/serving", 2),
            ("mailfilter_queue/scan", 0),
        ):
            self.assertEqual(found.get(name), value, name)
        self.assertGreater(found["mailfilter_stage_seconds_sum/main"], 0)
        victim = self.filter.status()["workers"][0]["pid"]
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: self.deaths() == 1, "its death", 30)
        self.scan(2, "ham.eml")
        wait_until(lambda: self.metrics()["mailfilter_scans_total"] == 26, "all scans", 30)

    def deaths(self) -> float:
        """Of workers, as metrics tell."""
        return self.metrics().get("mailfilter_events_total/worker_deaths", 0)

    def test_series(self) -> None:
        """Both workers add to them, and those that leave leave nothing out."""
        self.scan(20, "ham.eml")
        self.scan(4, "gtube-reject.eml")
        wait_until(lambda: self.counted("hour") == (20, 4), "the first hour", 60)
        self.scan(3, "ham.eml")
        self.assertEqual(control([self.filter.state], "reload"), Answer())
        wait_until(lambda: self.counted("year") == (23, 4), "what those leave that go", 60)
        for name in ("hour", "day", "week", "month"):
            self.assertEqual(self.counted(name), (23, 4), name)
        self.assertIn("GTUBE", self.series("day")["symbols"])
        points = json.loads(ask(self.filter.controller, "/graph?type=day").body)
        self.assertEqual([len(line) for line in points], [288] * 6)
        self.filter.stop()
        self.filter.start()
        self.assertEqual(self.counted("week"), (23, 4))
