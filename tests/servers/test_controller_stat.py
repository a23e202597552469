"""The controller: figures, health, what dashboards ask first."""

import msgspec

from mailfilter import __version__
from mailfilter.config.model import Controller
from mailfilter.testing.fake_desk import PAGE

from .controller_case import STRANGER, ControllerCase, error_bytes, json_bytes

SUCCESS = json_bytes(b'{"success":true}')
STAT_KEYS = (
    "version config_id uptime read_only scanned learned actions scan_times spam_count ham_count"
    " connections control_connections pools_allocated pools_freed bytes_allocated"
    " chunks_allocated shared_chunks_allocated chunks_freed chunks_oversized fragmented"
    " total_learns statfiles fuzzy_hashes"
)


class StatTests(ControllerCase):
    def test_stat(self) -> None:
        found = self.value(self.get("/stat"))
        self.assertEqual(STAT_KEYS, " ".join(found))
        self.assertEqual(__version__, found["version"])
        self.assertEqual((3, 9), (found["uptime"], found["scanned"]))
        self.assertEqual((8, 1), (found["spam_count"], found["ham_count"]))
        self.assertEqual(
            {
                "reject": 0,
                "soft reject": 0,
                "rewrite subject": 1,
                "add header": 7,
                "greylist": 0,
                "no action": 1,
            },
            found["actions"],
        )
        self.assertEqual([None] * 31, found["scan_times"])
        self.assertEqual(2, found["connections"])

    def test_scan_times(self) -> None:
        self.desk.page = {**PAGE, "scan_times": [0.5, *[0.25] * 31]}
        self.assertEqual([0.25] * 31, self.value(self.get("/stat"))["scan_times"])
        self.desk.page = {**PAGE, "scan_times": [0.5]}
        self.assertEqual([0.5, *[None] * 30], self.value(self.get("/stat"))["scan_times"])

    def test_requests(self) -> None:
        """Each is counted, whoever asks; those that anybody may have answered are not."""
        self.get("/stat")
        self.connect(STRANGER)
        self.get("/stat")
        self.get("/ping")
        self.assertEqual(["controller/requests"] * 2, self.counted)
        self.desk.page = {**PAGE, "counters": {"controller/requests": 2}}
        self.connect()
        self.assertEqual(2, self.value(self.get("/stat"))["control_connections"])

    def test_other_actions(self) -> None:
        """Each counts as what it means nearly."""
        counters = {"scans": 3, "action/discard": 1, "action/quarantine": 1, "action/reject": 1}
        self.desk.page = {**PAGE, "counters": counters}
        actions = self.value(self.get("/stat"))["actions"]
        self.assertEqual((2, 1), (actions["reject"], actions["add header"]))

    def test_msgpack(self) -> None:
        plain = self.value(self.get("/stat"))
        for accept in ("application/msgpack", "application/msgpack, application/json;q=0.5"):
            reply = self.get("/stat", f"Accept: {accept}\r\n")
            head, _, body = reply.partition(b"\r\n\r\n")
            self.assertIn(b"\r\nContent-Type: application/msgpack\r\n", head)
            self.assertEqual(plain, msgspec.msgpack.decode(body))
        for accept in ("*/*", "application/json", "text/plain", "application/json, */*;q=0.1"):
            self.assertEqual(plain, self.value(self.get("/stat", f"Accept: {accept}\r\n")), accept)

    def test_reset(self) -> None:
        """The figures are told once more, as they were."""
        self.assertEqual(self.get("/stat"), self.get("/statreset"))
        self.assertEqual([("reset", "loopback")], self.desk.told)

    def test_same_rules(self) -> None:
        """The id of the rules changes with a score, and with nothing else."""
        first = self.value(self.get("/stat"))["config_id"]
        self.use(Controller(max_auth_failures=3))
        self.assertEqual(first, self.value(self.get("/stat"))["config_id"])

    def test_pie(self) -> None:
        found = self.value(self.get("/pie"))
        self.assertEqual(
            [
                ("#66cc00", "Clean", 1.0),
                ("#cc9966", "Temporarily rejected", 0.0),
                ("#FFD700", "Probable spam", 8.0),
                ("#436EEE", "Greylisted", 0.0),
                ("#FF0000", "Rejected", 0.0),
            ],
            [(one["color"], one["label"], one["value"]) for one in found],
        )
        self.assertTrue(all(one["data"] == one["value"] for one in found))


class HealthTests(ControllerCase):
    def states(self, *states: str) -> None:
        self.desk.page = {**PAGE, "workers": [{"state": state} for state in states]}

    def test_healthy(self) -> None:
        self.assertEqual(SUCCESS, self.get("/healthy"))
        self.states("serving", "stuck", "stuck", "draining")
        self.assertEqual(error_bytes(500, "2 workers are not responding"), self.get("/healthy"))

    def test_ready(self) -> None:
        self.assertEqual(SUCCESS, self.get("/ready"))
        for states in ((), ("starting", "draining"), ("stuck",)):
            self.states(*states)
            self.assertEqual(
                error_bytes(500, "no healthy scanner workers are running"), self.get("/ready")
            )

    def test_errors(self) -> None:
        self.desk.logged = [{"ts": 1.5, "pid": 2, "message": "caf\u00e9"}]
        self.assertEqual(
            json_bytes(b'[{"ts":1.5,"pid":2,"message":"caf\\u00e9"}]'),
            self.get("/errors").replace(b'": ', b'":'),
        )

    def test_errors_are_no_html(self) -> None:
        """Rspamd's interface would put it into its page."""
        self.desk.logged = [{"ts": 1.5, "pid": 2, "message": "x <img src=x> &amp;"}]
        (entry,) = self.value(self.get("/errors"))
        self.assertEqual(entry["message"], "x \u2039img src=x\u203a &amp;")

    def test_neighbours(self) -> None:
        self.assertEqual({}, self.value(self.get("/neighbours")))
        self.use(Controller(neighbours={"mx2": "http://mx2.example.org:11334/x/"}))
        reply = self.get("/neighbours")
        self.assertIn(b"\r\nAccess-Control-Allow-Origin: *\r\n", reply)
        self.assertEqual(
            {
                "mx2": {
                    "url": "http://mx2.example.org:11334/x/",
                    "host": "mx2.example.org:11334",
                    "path": "/x/",
                }
            },
            self.value(reply),
        )

    def test_strangers(self) -> None:
        self.connect(STRANGER)
        for path in ("/pie", "/healthy", "/ready", "/errors", "/neighbours", "/stat", "/statreset"):
            self.assertEqual(error_bytes(401, "Unauthorized"), self.get(path), path)
        self.assertEqual([], self.desk.told)
