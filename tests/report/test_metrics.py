"""Metrics, as the parsers of prometheus_client read them."""

from collections.abc import Callable, Iterable
from math import inf, nan
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_open
from prometheus_client.parser import text_string_to_metric_families as read_plain
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.report.counters import Sizes
from mailfilter.report.metrics import OPENMETRICS, PLAIN, Family, Sample, render_metrics
from mailfilter.report.metrics_page import Figures, families, rspamd_families
from tests.config.case import EXAMPLES

Found = dict[tuple[str, frozenset[tuple[str, str]]], float]

READERS: dict[str, Callable[[str], Iterable[Any]]] = {OPENMETRICS: read_open, PLAIN: read_plain}

SIZES = {"bounds": [0.5, 1.0], "counts": [1, 2, 3], "total": 4.5}

WORKER = {"generation": "1", "place": "0", "pid": "7"}

PAGE = {
    "version": '1.0"x',
    "uptime": 12.5,
    "counters": {
        "scans": 7,
        "spam": 3,
        "ham": 4,
        "octets": 2**40,
        "action/no action": 4,
        "action/reject": 3,
        "unscanned/size": 1,
        "symbol/A": 7,
        "symbol_spam/A": 3,
        "symbol_ham/A": 4,
        "symbol/B/C": 1,
        "symbol_ham/B/C": 1,
        "check_timeout/dns": 2,
        "map_hits/partners": 4,
        "check_failed/dns": 1,
        "store/timeout": 5,
        "history/dropped": 6,
        "dmarc/dropped": 22,
        "tls/handshakes": 8,
        "tls/refused/revoked": 9,
        "connections/refused/max_connections": 10,
        "httpcrypt/opened": 12,
        "proxy/connections": 14,
        "proxy/refused/missing": 15,
        "httpcrypt/refused/blob": 13,
        "controller/requests": 11,
        "dns/queries": 16,
        "dns/replies/SERVFAIL": 17,
        "dns/ignored/id": 18,
        "dns/failures/timeout": 19,
    },
    "histograms": {
        "scan_seconds": SIZES,
        "dns_seconds": SIZES,
        "stage_seconds/main": SIZES,
        "check_seconds/dns": SIZES,
        "check_seconds/b": SIZES,
    },
    "listeners": {
        "http": {"address": "a", "connections": 2, "queue": 0},
        "unix": {"address": "b", "connections": 1, "queue": None},
    },
    "workers": [
        {
            "pid": 7,
            "generation": 1,
            "place": 0,
            "state": "serving",
            "uptime": 3.0,
            "memory": 2**26,
            "cpu": 1.25,
            "scans": 1,
            "dns_cache_hits": 20,
            "dns_cache_misses": 21,
            "dns_queries": 22,
            "dns_waiting": 23,
        },
        {"pid": 8, "generation": 1, "place": 1, "state": "starting"},
    ],
    "events": {"reloads": 2, "worker_deaths": 1},
    "scans_under_way": 1,
    "gauges": {
        "store_failing": 1.0,
        "history_waiting": 3.0,
        "series_waiting": 2.0,
        "dmarc_waiting": 7.0,
        "dns_waiting": 4.0,
        "dns_cached": 5.0,
        "dns_down/[::1]:53": 2.0,
    },
    "alarms": [{}],
    "certificates": {"mx": {"days": 12.5}, "bad": {"trouble": "unreadable"}},
    "maps": [{"name": "partners", "entries": 4, "octets": 100}],
}
FIGURES = Figures("abc", False, 7, 3, 4, {"reject": 3, "no action": 4}, 3, 11, 0.25)


class MetricsCase(SynchronousTestCase):
    def read(self, content_type: str, several: Iterable[Family]) -> Found:
        """All samples; of each name and labels there is one."""
        text = render_metrics(several, content_type).decode()
        self.assertTrue(text.endswith("# EOF\n"))
        found: Found = {}
        for family in READERS[content_type](text):
            for sample in family.samples:
                key = sample.name, frozenset(sample.labels.items())
                self.assertNotIn(key, found)
                found[key] = sample.value
        return found


class RenderTests(MetricsCase):
    def test_octets(self) -> None:
        several = (
            Family("a", "counter", "All.", (Sample(1, ("x",)), Sample(2.5, ("y",))), ("kind",)),
            Family("none", "gauge", "Nothing.", ()),
            Family("b_seconds", "histogram", "Times.", (Sample(Sizes((0.5, 1.0), (1, 0, 2), 9)),)),
        )
        common = (
            'a_total{kind="x"} 1\na_total{kind="y"} 2.5\n'
            "# HELP b_seconds Times.\n# TYPE b_seconds histogram\n"
            'b_seconds_bucket{le="0.5"} 1\nb_seconds_bucket{le="1.0"} 1\n'
            'b_seconds_bucket{le="+Inf"} 3\nb_seconds_count 3\nb_seconds_sum 9.0\n# EOF\n'
        )
        self.assertEqual(
            render_metrics(several, OPENMETRICS).decode(),
            f"# HELP a All.\n# TYPE a counter\n{common}",
        )
        self.assertEqual(
            render_metrics(several, PLAIN).decode(),
            f"# HELP a_total All.\n# TYPE a_total counter\n{common}",
        )

    def test_not_finite(self) -> None:
        """Numbers that say nothing are left out."""
        family = Family("a", "gauge", "All.", [Sample(nan), Sample(inf)])
        self.assertEqual(render_metrics([family], PLAIN), b"# HELP a All.\n# TYPE a gauge\n# EOF\n")

    @EXAMPLES
    @given(st.lists(st.text(), min_size=1, max_size=5, unique=True))
    def test_any_label(self, texts: list[str]) -> None:
        """What a check or a message has made up comes out as it was."""
        samples = [Sample(number, (text,)) for number, text in enumerate(texts)]
        family = Family("a", "gauge", "All.", samples, ("text",))
        for content_type in READERS:
            expected = {
                ("a", frozenset([("text", text)])): float(number)
                for number, text in enumerate(texts)
            }
            self.assertEqual(self.read(content_type, [family]), expected)

    def test_no_unicode(self) -> None:
        """Half of a pair of surrogates, which no encoding has."""
        family = Family("a", "gauge", "All.", [Sample(1, ("\ud800",))], ("text",))
        self.assertIn(b'a{text="?"} 1\n', render_metrics([family], OPENMETRICS))


class PageTests(MetricsCase):
    def check(self, found: Found, name: str, value: float, labels: dict[str, str]) -> None:
        self.assertEqual(found.get((name, frozenset(labels.items()))), value, (name, labels))

    def test_all(self) -> None:
        """What is in the status is in both formats, with the same names."""
        several = [*rspamd_families(PAGE, 1000.0, FIGURES), *families(PAGE)]
        found = self.read(OPENMETRICS, several)
        self.assertEqual(self.read(PLAIN, several), found)
        for name, value, labels in (
            ("build_info", 1, {"version": '1.0"x'}),
            ("uptime_seconds", 12.5, {}),
            ("scans_total", 7, {}),
            ("scanned_bytes_total", 2**40, {}),
            ("actions_total", 3, {"action": "reject"}),
            ("symbol_hits_total", 3, {"symbol": "A", "verdict": "spam"}),
            ("symbol_hits_total", 4, {"symbol": "A", "verdict": "ham"}),
            ("symbol_hits_total", 1, {"symbol": "B/C", "verdict": "ham"}),
            ("unscanned_messages_total", 1, {"reason": "size"}),
            ("check_timeouts_total", 2, {"check": "dns"}),
            ("map_hits_total", 4, {"map": "partners"}),
            ("check_failures_total", 1, {"check": "dns"}),
            ("store_errors_total", 5, {"error": "timeout"}),
            ("history_dropped_total", 6, {}),
            ("dmarc_dropped_total", 22, {}),
            ("tls_handshakes_total", 8, {}),
            ("tls_refused_total", 9, {"reason": "revoked"}),
            ("refused_connections_total", 10, {"limit": "max_connections"}),
            ("httpcrypt_opened_total", 12, {}),
            ("proxy_connections_total", 14, {}),
            ("proxy_refused_total", 15, {"reason": "missing"}),
            ("httpcrypt_refused_total", 13, {"reason": "blob"}),
            ("dns_queries_total", 16, {}),
            ("dns_cache_hits_total", 0, {}),
            ("dns_replies_total", 17, {"rcode": "SERVFAIL"}),
            ("dns_ignored_total", 18, {"reason": "id"}),
            ("dns_failures_total", 19, {"reason": "timeout"}),
            ("dns_seconds_count", 6, {}),
            ("dns_waiting", 4, {}),
            ("dns_cached", 5, {}),
            ("dns_down", 2, {"server": "[::1]:53"}),
            ("other_total", 11, {"name": "controller/requests"}),
            ("scan_seconds_count", 6, {}),
            ("scan_seconds_bucket", 3, {"le": "1.0"}),
            ("stage_seconds_sum", 4.5, {"stage": "main"}),
            ("check_seconds_bucket", 6, {"check": "b", "le": "+Inf"}),
            ("connections", 2, {"listener": "http"}),
            ("queue", 0, {"listener": "http"}),
            ("workers", 1, {"state": "starting"}),
            ("worker_memory_bytes", 2**26, WORKER),
            ("worker_cpu_seconds_total", 1.25, WORKER),
            ("worker_dns_cache_hits_total", 20, WORKER),
            ("worker_dns_cache_misses_total", 21, WORKER),
            ("worker_dns_queries_total", 22, WORKER),
            ("worker_dns_waiting", 23, WORKER),
            ("events_total", 1, {"event": "worker_deaths"}),
            ("scans_under_way", 1, {}),
            ("store_up", 0, {}),
            ("history_waiting", 3, {}),
            ("series_waiting", 2, {}),
            ("dmarc_waiting", 7, {}),
            ("alarms", 1, {}),
            ("certificate_days", 12.5, {"certificate": "mx"}),
            ("map_entries", 4, {"map": "partners"}),
            ("map_bytes", 100, {"map": "partners"}),
        ):
            self.check(found, f"mailfilter_{name}", value, labels)
        self.assertNotIn(("mailfilter_queue", frozenset({("listener", "unix")})), found)

    def test_rspamd(self) -> None:
        """The names of http-controller.md 2.6."""
        found = self.read(OPENMETRICS, rspamd_families(PAGE, 1000.0, FIGURES))
        for name, value, labels in (
            ("rspamd_build_info", 1, {"version": '1.0"x'}),
            ("rspamd_config", 1, {"id": "abc"}),
            ("rspamd_scan_time_average", 0.25, {}),
            ("process_start_time_seconds", 987.5, {}),
            ("rspamd_read_only", 0, {}),
            ("rspamd_scanned_total", 7, {}),
            ("rspamd_learned_total", 0, {}),
            ("rspamd_spam_total", 3, {}),
            ("rspamd_ham_total", 4, {}),
            ("rspamd_connections", 3, {}),
            ("rspamd_control_connections_total", 11, {}),
            ("rspamd_actions_total", 3, {"type": "reject"}),
        ):
            self.check(found, name, value, labels)

    def test_documented(self) -> None:
        """Every metric has its place in docs/metrics.md."""
        text = (Path(__file__).parents[2] / "docs/metrics.md").read_text("utf-8")
        for family in families(PAGE):
            name = family.name.removeprefix("mailfilter_")
            told = f"`{name}_total`" if family.kind == "counter" else f"`{name}`"
            self.assertIn(told, text)

    def test_nothing_yet(self) -> None:
        """A filter that has just begun."""
        page = {"version": "1", "uptime": 0.0}
        nothing = Figures("abc", True, 0, 0, 0, {"reject": 0}, 0, 0, None)
        found = self.read(PLAIN, [*rspamd_families(page, 5.0, nothing), *families(page)])
        names = {name for name, _labels in found}
        self.assertIn("rspamd_scanned_total", names)
        self.assertFalse({"rspamd_actions_total", "rspamd_scan_time_average"} & names)
