"""The controller: metrics, and what was scanned when (http-controller.md 2.2, 2.6)."""

from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_open
from prometheus_client.parser import text_string_to_metric_families as read_plain
from twisted.internet.defer import Deferred

from mailfilter.config.model import Listener
from mailfilter.report.metrics import OPENMETRICS, PLAIN
from mailfilter.report.series_steps import RANGES
from mailfilter.scan.verdict import Action
from mailfilter.servers.controller import ControllerFactory
from tests.report.case_series import NOON, Process

from .controller_case import STRANGER, ControllerCase, error_bytes
from .http_case import NOW

PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;"
    "q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
"""What Prometheus 2.5x sends."""


class MetricsTests(ControllerCase):
    def metrics(self, accept: str = "") -> tuple[str, str]:
        """Content type and body."""
        reply = self.get("/metrics", f"Accept: {accept}\r\n" if accept else "")
        head, _, body = reply.partition(b"\r\n\r\n")
        self.assertTrue(head.startswith(b"HTTP/1.1 200 OK\r\n"), reply)
        (content_type,) = [
            line.removeprefix(name)
            for line in head.split(b"\r\n")
            if line.startswith(name := b"Content-Type: ")
        ]
        return content_type.decode(), body.decode()

    def test_formats(self) -> None:
        """OpenMetrics for whoever names it and prefers nothing else."""
        for accept, expected in (
            ("", PLAIN),
            ("*/*", PLAIN),
            ("text/plain", PLAIN),
            ("application/json", PLAIN),
            ("application/openmetrics-text", OPENMETRICS),
            ("application/openmetrics-text;q=0.1, text/plain", PLAIN),
            ("text/plain;q=0.5, application/openmetrics-text; version=0.0.1", OPENMETRICS),
            (PROMETHEUS, OPENMETRICS),
        ):
            content_type, body = self.metrics(accept)
            self.assertEqual(content_type, expected, accept)
            list((read_open if expected == OPENMETRICS else read_plain)(body))

    def test_numbers(self) -> None:
        """What the master tells is in there, by our names and those of Rspamd."""
        maps = [{"name": "partners", "octets": 12, "entries": 1}]
        self.desk.page = {**self.desk.page, "scan_times": [0.25, 0.75], "maps": maps}
        _, body = self.metrics(PROMETHEUS)
        lines = body.splitlines()
        for line in (
            'rspamd_actions_total{type="add header"} 7',
            "rspamd_scan_time_average 0.5",
            "rspamd_spam_total 8",
            "rspamd_ham_total 1",
            "rspamd_read_only 0",
            'mailfilter_actions_total{action="add header"} 7',
            'mailfilter_connections{listener="http"} 2',
            'mailfilter_map_bytes{map="partners"} 12',
        ):
            self.assertIn(line, lines)

    def test_refused(self) -> None:
        self.desk.refusal = "no answer in 5 s"
        self.assertEqual(self.get("/metrics"), error_bytes(500, "no answer in 5 s"))
        self.connect(STRANGER)
        for path in ("/metrics", "/graph?type=day", "/api/series", "/api/status"):
            self.assertEqual(error_bytes(401, "Unauthorized"), self.get(path), path)


class SeriesTests(ControllerCase):
    def setUp(self) -> None:
        super().setUp()
        self.now = NOON + 90.0
        assert isinstance(self.factory, ControllerFactory)
        self.factory.answers.begin(self.services, self.factory.endpoints, lambda: self.now)

    def record(self) -> None:
        """In the first minute 6 rejected, 6 discarded, 2 quarantined; in the next 3 are ham."""
        process = Process(self.services.store)
        for count, action in ((6, Action.REJECT), (6, Action.DISCARD), (2, Action.QUARANTINE)):
            process.scan(count, "SPAMMY", action=action, elapsed=0.2)
        process.passes(60)
        process.scan(3, "HAMMY", elapsed=0.003)
        process.passes(30)
        self.successResultOf(Deferred.fromCoroutine(process.stop()))

    def test_graph(self) -> None:
        """Six lists of messages a second; of the step under way by what has passed of it."""
        self.record()
        for wanted in ("hour", "hourly"):
            several = self.value(self.get(f"/graph?type={wanted}"))
            self.assertEqual(len(several), 6)
            last = [[point["y"] for point in points[-3:]] for points in several]
            self.assertEqual(
                last,
                [
                    [None, 0.2, 0.0],
                    [None, 0.0, 0.0],
                    [None, 0.0, 0.0],
                    [None, 0.033333, 0.0],
                    [None, 0.0, 0.0],
                    [None, 0.0, 0.1],
                ],
            )
            self.assertEqual([point["x"] for point in several[5][-2:]], [NOON, NOON + 60])

    def test_too_early(self) -> None:
        """Of a step that has hardly begun no rate is told."""
        self.record()
        self.now = NOON + 65
        points = self.value(self.get("/graph?type=hour"))[5]
        self.assertEqual([(point["x"], point["y"]) for point in points[-1:]], [(NOON, 0.0)])

    def test_graph_of_nothing(self) -> None:
        """Its last point is a number, for readers that take no other, also when a step begins."""
        for passed in (1.0, 30.0):
            self.now = NOON + passed
            for points in self.value(self.get("/graph?type=hour")):
                self.assertEqual([point["y"] for point in points[-2:]], [None, 0.0])

    def test_ranges(self) -> None:
        """Every range that dashboards name, no longer than they can draw."""
        for wanted, name in (("day", "day"), ("weekly", "week"), ("month", "month"), ("year",) * 2):
            points = self.value(self.get(f"/graph?type={wanted}"))[0]
            self.assertEqual(len(points), RANGES[name].points)
            self.assertLessEqual(len(points), 500)

    def test_wrong_type(self) -> None:
        for path, text in (
            ("/graph", "Absent graph type"),
            ("/graph?type=", "Absent graph type"),
            ("/graph?type=decade", "Invalid graph type"),
            ("/api/series?range=x", "range: expected one of hour, day, week, month, year"),
        ):
            self.assertEqual(self.get(path), error_bytes(400, text))

    def test_series(self) -> None:
        self.record()
        found = self.value(self.get("/api/series?range=hour"))
        self.assertEqual((found["step"], found["points"]), (60, 60))
        self.assertEqual(found["start"], NOON - 58 * 60)
        self.assertEqual(set(found["actions"]), {action.value for action in Action})
        self.assertEqual(found["actions"]["discard"][-3:], [None, 6, 0])
        self.assertEqual(list(found["symbols"]), ["SPAMMY", "HAMMY"])
        self.assertEqual(found["symbols"]["HAMMY"][-3:], [None, 0, 3])
        self.assertEqual(found["seconds"]["average"][-3:], [None, 0.2, 0.003])
        for name in ("p50", "p95"):
            self.assertEqual(len(found["seconds"][name]), 60)
        self.assertEqual(found, self.value(self.get("/api/series")))

    def test_nothing_known(self) -> None:
        for wanted in RANGES:
            found = self.value(self.get(f"/api/series?range={wanted}"))
            self.assertEqual(found["symbols"], {})
            self.assertEqual(set(found["actions"]["reject"]), {None})

    def test_store_is_away(self) -> None:
        """Whoever asks is told so; nothing else depends on it."""
        self.successResultOf(Deferred.fromCoroutine(self.services.store.close()))
        for path in ("/graph?type=day", "/api/series"):
            self.assertEqual(self.get(path), error_bytes(504, "the store is closed"))

    def test_status(self) -> None:
        """The live status, with the protocols of those listeners that are known."""
        self.use(listeners={"http": Listener(protocol="scan", endpoint="tcp:0")})
        page = {**self.desk.page, "listeners": {"http": {"connections": 1}, "gone": {}}}
        self.desk.page = page
        found = self.value(self.get("/api/status"))
        expected = {"http": {"connections": 1, "protocol": "scan"}, "gone": {"protocol": None}}
        self.assertEqual(found.pop("listeners"), expected)
        self.assertEqual(found.pop("now"), NOW)
        self.assertEqual(found, {name: one for name, one in page.items() if name != "listeners"})
