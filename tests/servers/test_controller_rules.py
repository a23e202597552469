"""The controller: thresholds, scores and figures of symbols."""

from mailfilter.config.model import Actions, SymbolSettings
from mailfilter.testing.fake_desk import PAGE

from .controller_case import OPEN, STRANGER, ControllerCase, error_bytes, json_bytes

SUCCESS = json_bytes(b'{"success":true}')
UNPARSED = error_bytes(400, "Cannot parse input")


class ActionTests(ControllerCase):
    def test_actions(self) -> None:
        self.use(OPEN, actions=Actions(rewrite_subject=8.0))
        self.assertEqual(
            json_bytes(
                b'[{"action":"greylist","value":4.0},{"action":"add header","value":6.0},'
                b'{"action":"rewrite subject","value":8.0},{"action":"reject","value":15.0},'
                b'{"action":"soft reject","value":null},{"action":"no action","value":null}]'
            ),
            self.get("/actions"),
        )

    def test_save(self) -> None:
        """What is as it was is not saved."""
        for body, changes in (
            (b"[20, null, 6.5, 4]", {"actions.reject": 20.0, "actions.add_header": 6.5}),
            (b"[15, 8, 6, null]", {"actions.rewrite_subject": 8.0, "actions.greylist": None}),
            (b"[15, null, 6, 4.0]", None),
        ):
            self.desk.told.clear()
            self.assertEqual(SUCCESS, self.post("/saveactions", body), body)
            self.assertEqual([("save", changes, "loopback")] if changes else [], self.desk.told)

    def test_not_saved(self) -> None:
        for body in (
            b"",
            b"[1,2]",
            b"[1,2,3,4,5]",
            b'{"reject": 1}',
            b'[1,2,3,"4"]',
            b"[1,2,3,true]",
            b"[1,2,3,NaN]",
            b"[1,2,3,4",
            b"[" * 100000,
            b"\xff",
        ):
            self.assertEqual(UNPARSED, self.post("/saveactions", body), body[:20])
        self.assertEqual([], self.desk.told)

    def test_refused(self) -> None:
        self.desk.refusal = "add_header is above reject"
        self.assertEqual(
            error_bytes(500, "Save error: add_header is above reject"),
            self.post("/saveactions", b"[1,2,3,4]"),
        )


class SymbolTests(ControllerCase):
    def test_symbols(self) -> None:
        self.use(OPEN, symbols={"GTUBE": SymbolSettings(score=3.0, group="mine")})
        (group,) = (one for one in self.value(self.get("/symbols")) if one["group"] == "mine")
        (rule,) = group["rules"]
        description = rule.pop("description")
        self.assertTrue(description)
        self.assertEqual(
            {
                "symbol": "GTUBE",
                "weight": 3.0,
                "frequency": 0.666667,
                "frequency_stddev": 0.0,
                "time": 0.0,
            },
            rule,
        )

    def test_time(self) -> None:
        """That of the check, on average."""
        sizes = {"bounds": (1.0,), "counts": [3, 1], "total": 2.0}
        for name, expected in (("check_seconds/gtube", 0.5), ("check_seconds/other", 0.0)):
            self.desk.page = {**PAGE, "histograms": {name: sizes}}
            found = {one["symbol"]: one for one in self.value(self.get("/counters"))}
            self.assertEqual(expected, found["GTUBE"]["time"])

    def test_counters(self) -> None:
        found = {one["symbol"]: one for one in self.value(self.get("/counters"))}
        self.assertEqual(2, found["GTUBE"]["hits"])
        self.assertEqual(
            {"symbol", "weight", "frequency", "frequency_stddev", "hits", "time"},
            set(found["GTUBE"]),
        )

    def test_save(self) -> None:
        body = b'[{"name":"GTUBE","value":4},{"name":"NO_SUCH","value":1},{"name":"X","value":1}]'
        self.assertEqual(SUCCESS, self.post("/savesymbols", body))
        self.assertEqual([("save", {"symbols.GTUBE.score": 4.0}, "loopback")], self.desk.told)

    def test_nothing_to_save(self) -> None:
        score = self.services.plan.symbols["GTUBE"].score
        for body in (b"[]", b'[{"name":"GTUBE","value":%f}]' % score):
            self.assertEqual(
                error_bytes(404, "No symbols to save"), self.post("/savesymbols", body), body
            )
        for body in (b"", b"{}", b'[{"name":"GTUBE"}]', b'[{"name":"GTUBE","value":"1"}]'):
            self.assertEqual(UNPARSED, self.post("/savesymbols", body), body)
        self.assertEqual([], self.desk.told)

    def test_refused(self) -> None:
        self.desk.refusal = "no"
        self.assertEqual(
            error_bytes(506, "Add symbol failed: no"),
            self.post("/savesymbols", b'[{"name":"GTUBE","value":1}]'),
        )

    def test_strangers(self) -> None:
        self.connect(STRANGER)
        for path in ("/actions", "/symbols", "/counters", "/saveactions", "/savesymbols"):
            self.assertEqual(error_bytes(401, "Unauthorized"), self.post(path, b"[1,2,3,4]"), path)
        self.assertEqual([], self.desk.told)
