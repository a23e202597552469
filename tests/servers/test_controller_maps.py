"""The controller: maps, saving them, looking things up in them."""

from itertools import count
from typing import Any

from mailfilter.config.model import Map
from mailfilter.servers import background, controller_maps
from mailfilter.servers.controller_maps import map_id

from .controller_case import (
    OPEN,
    STRANGER,
    ControllerCase,
    dressed_bytes,
    error_bytes,
    json_bytes,
)
from .http_case import at_once

MAPS = {
    "friends": Map(kind="networks", file="/m/friends", description="Partners"),
    "words": Map(kind="names", file="/m/words"),
    "fixed": Map(kind="names", file="/m/fixed", editable=False),
}
TEXTS = {"friends": b"192.0.2.0/24 a b\n", "words": b".example.org\n", "fixed": b"x\n"}
ID = map_id("friends")


class MapsCase(ControllerCase):
    def setUp(self) -> None:
        self.patch(background, "in_background", at_once)
        super().setUp()
        self.use(OPEN, maps=MAPS)
        for name, text in TEXTS.items():
            self.desk.map_texts[name] = text
            self.services.plan.maps.give(name, text)


class MapTests(MapsCase):
    def test_maps(self) -> None:
        del self.desk.map_texts["words"]
        first, second, third = self.value(self.get("/maps"))
        self.assertEqual(
            {
                "map": ID,
                "description": "Partners",
                "uri": "/m/friends",
                "type": "networks",
                "editable": True,
                "loaded": True,
                "cached": False,
            },
            first,
        )
        self.assertEqual(("words", False), (second["description"], second["loaded"]))
        self.assertFalse(third["editable"])

    def test_get(self) -> None:
        reply = dressed_bytes(b"200 OK", b"text/plain", TEXTS["friends"])
        self.assertEqual(reply, self.get("/getmap", f"Map: {ID}\r\n"))
        self.assertEqual(reply, self.get(f"/getmap?map={ID}"))

    def test_not_got(self) -> None:
        self.assertEqual(error_bytes(400, "Id header missing"), self.get("/getmap"))
        for text in ("x", "-1", "1.5", "9" * 11, "", "\xb2"):
            reply = self.get("/getmap", f"Map: {text}\r\n")
            self.assertEqual(error_bytes(400, "Invalid map id"), reply, text)
        self.assertEqual(error_bytes(404, "Map not found"), self.get("/getmap", "Map: 1\r\n"))

    def test_save(self) -> None:
        reply = self.post("/savemap", b"\xff\x00", f"Map: {ID}\r\n")
        self.assertEqual(json_bytes(b'{"success":true}'), reply)
        self.assertEqual([("save", {"maps.friends": b"\xff\x00"}, "loopback")], self.desk.told)

    def test_large(self) -> None:
        """Larger than other bodies; how large it may be, the desk knows."""
        reply = self.post("/savemap", b"a\n" * 2**20, f"Map: {ID}\r\n")
        self.assertEqual(json_bytes(b'{"success":true}'), reply)

    def test_not_saved(self) -> None:
        fixed = map_id("fixed")
        for body, headers, status, text in (
            (b"", f"Map: {ID}\r\n", 400, "Empty body is not permitted"),
            (b"x", "", 400, "Map id not specified"),
            (b"x", "Map: x\r\n", 400, "Map id is invalid"),
            (b"x", "Map: 1\r\n", 404, "Map id not found"),
            (b"x", f"Map: {fixed}\r\n", 404, "Cannot open map: maps.fixed.editable is false"),
        ):
            self.assertEqual(error_bytes(status, text), self.post("/savemap", body, headers), text)
        self.assertEqual([], self.desk.told)
        self.desk.refusal = "line 1: expected an address"
        self.assertEqual(
            error_bytes(500, self.desk.refusal), self.post("/savemap", b"x", f"Map: {ID}\r\n")
        )

    def test_strangers(self) -> None:
        self.connect(STRANGER)
        for path in ("/maps", "/getmap", "/savemap", "/plugins", "/plugins/maps/query?value=x"):
            reply = self.post(path, b"x", f"Map: {ID}\r\n")
            self.assertEqual(error_bytes(401, "Unauthorized"), reply, path)
        self.assertEqual([], self.desk.told)


class QueryTests(MapsCase):
    def results(self, reply: bytes) -> list[tuple[Any, ...]]:
        found = self.value(reply)
        self.assertEqual(bool(found["results"]), found["success"])
        return [
            (one["alias"], one["map"], one["key"], one.get("value"), one["hit"])
            for one in found["results"]
        ]

    def test_plugins(self) -> None:
        found = self.value(self.get("/plugins"))
        self.assertEqual({"maps"}, set(found))
        self.assertEqual(1, found["maps"]["version"])
        self.assertIn("/plugins/maps/query", found["maps"]["paths"])
        self.use(OPEN)
        self.assertEqual(json_bytes(b"{}"), self.get("/plugins"))

    def test_list(self) -> None:
        self.assertEqual(
            {
                "maps": ["/m/friends", "/m/words", "/m/fixed"],
                "aliases": {"friends": "/m/friends", "words": "/m/words", "fixed": "/m/fixed"},
            },
            self.value(self.get("/plugins/maps/list")),
        )

    def test_query(self) -> None:
        hit = ("friends", "/m/friends", "192.0.2.7", "a b", True)
        word = ("words", "/m/words", "a.example.org", None, True)
        for query, expected in (
            ("query?value=192.0.2.7", [hit]),
            ("query?values=192.0.2.7,a.example.org", [hit, word]),
            ("query?value=nothing", []),
            ("query_specific?maps=friends,words&value=192.0.2.7", [hit]),
            ("query_specific?maps=/m/words&values=a.example.org,192.0.2.7", [word]),
            (
                "query_specific?maps=words&value=x&report_misses=1",
                [("words", "/m/words", "x", None, False)],
            ),
        ):
            self.assertEqual(expected, self.results(self.get(f"/plugins/maps/{query}")), query)

    def test_json(self) -> None:
        hit = ("friends", "/m/friends", "192.0.2.7", "a b", True)
        for body, expected in (
            (b'{"values":["192.0.2.7"]}', [hit]),
            (b'{"values":["192.0.2.7"],"maps":["friends"],"report_misses":false}', [hit]),
            (b'{"values":[],"maps":[]}', []),
        ):
            reply = self.post("/plugins/maps/query_json", body)
            self.assertEqual(expected, self.results(reply), body)

    def test_too_long(self) -> None:
        """Each lookup is in time, and all together are not."""
        self.patch(controller_maps, "thread_time", count(step=0.5).__next__)
        body = b'{"values":["1","2","3","4","5"],"maps":["words"]}'
        self.assertEqual(
            error_bytes(400, "the lookups take too long: ask for fewer at a time"),
            self.post("/plugins/maps/query_json", body),
        )
        body = b'{"values":["1","2","3"],"maps":["words"],"report_misses":true}'
        self.assertEqual(3, len(self.results(self.post("/plugins/maps/query_json", body))))

    def test_refused(self) -> None:
        many = ",".join("x" * 400)
        for query, status, text in (
            ("query", 400, "Absent value"),
            ("query_specific?maps=nothing&value=x", 404, "no such map: nothing"),
            ("query_specific?value=x", 404, "no such map: "),
            (f"query?values={many}", 400, "expected at most 1000 lookups"),
            ("query_json", 400, "Cannot parse input"),
        ):
            reply = self.get(f"/plugins/maps/{query}")
            self.assertTrue(reply.endswith(b'{"error":"%b"}' % text.encode()), query)
            self.assertTrue(reply.startswith(b"HTTP/1.1 %d " % status), query)
        for body in (b"", b"[]", b'{"values":"x"}', b'{"values":[1]}', b"[" * 9999):
            reply = self.post("/plugins/maps/query_json", body)
            self.assertEqual(error_bytes(400, "Cannot parse input"), reply, body[:9])
