"""What our own pages ask beside the history, scans and maps."""

import json
import socket
from typing import Any

from mailfilter import __version__
from mailfilter.config.model import Controller
from mailfilter.servers.controller import ENDPOINTS
from mailfilter.testing.fake_desk import PAGE

from .controller_case import STRANGER, ControllerCase, error_bytes
from .http_case import NOW


class SessionTests(ControllerCase):
    def test_session(self) -> None:
        self.assertEqual(
            {
                "version": __version__,
                "who": "loopback",
                "how": "loopback",
                "read_only": False,
                "hostname": socket.gethostname(),
                "now": NOW,
            },
            self.value(self.get("/api/session")),
        )

    def test_strangers(self) -> None:
        """Nobody else is told anything, or gets anything done."""
        self.connect(STRANGER)
        paths = [path for path in ENDPOINTS if path.startswith("/api/")]
        self.assertGreater(len(paths), 8)
        for path in paths:
            self.connect(STRANGER)
            self.assertTrue(self.get(path).startswith(b"HTTP/1.1 401 "), path)
            self.connect(STRANGER)
            self.assertTrue(self.post(path, b"{}").startswith(b"HTTP/1.1 401 "), path)
        self.assertEqual([], self.desk.told)

    def test_password(self) -> None:
        self.use(Controller(password="x"))
        self.assertTrue(self.get("/api/session").startswith(b"HTTP/1.1 401 "))


def _scores(entry: dict[str, Any]) -> tuple[bool, float, float]:
    return entry["is_saved"], entry["weight"], entry["configured"]


class SymbolTests(ControllerCase):
    def symbols(self) -> dict[str, Any]:
        found = self.value(self.get("/api/symbols"))
        return {entry["symbol"]: entry for entry in found["symbols"]}

    def test_symbols(self) -> None:
        """Every symbol of the plan, with its check and what was counted."""
        counters = {"symbol/SUBJ_ALL_CAPS": 5, "symbol_spam/SUBJ_ALL_CAPS": 3}
        self.desk.page = {**PAGE, "counters": {**counters, "symbol_ham/SUBJ_ALL_CAPS": 2}}
        found = self.symbols()
        self.assertEqual(list(self.services.plan.symbols), list(found))
        info = self.services.plan.symbols["SUBJ_ALL_CAPS"]
        self.assertEqual(
            {
                "symbol": "SUBJ_ALL_CAPS",
                "group": info.group,
                "description": info.description,
                "check": "subject_caps",
                "weight": info.score,
                "configured": info.score,
                "is_saved": False,
                "hits": 5,
                "spam": 3,
                "ham": 2,
            },
            found["SUBJ_ALL_CAPS"],
        )

    def test_saved(self) -> None:
        """A score that was saved, and what the configuration has."""
        self.desk.kept = [
            {"key": "symbols.GTUBE.score", "value": 3, "by": "x", "at": 1.0, "configured": 0.5}
        ]
        entry = self.symbols()["GTUBE"]
        self.assertEqual((True, 3.0, 0.5), _scores(entry))
        self.desk.kept = [{**self.desk.kept[0], "configured": None}]
        entry = self.symbols()["GTUBE"]
        self.assertEqual((True, 3.0, self.services.plan.symbols["GTUBE"].score), _scores(entry))

    def test_refused(self) -> None:
        self.desk.refusal = "the master is away"
        self.assertEqual(error_bytes(500, "the master is away"), self.get("/api/symbols"))


class SavedTests(ControllerCase):
    def test_save(self) -> None:
        """Numbers, nothing, and maps, all with who did it."""
        changes = {"actions.reject": 12, "actions.greylist": None, "maps.x": "caf\u00e9\n"}
        reply = self.post("/api/save", json.dumps({"changes": changes}).encode())
        self.assertEqual({"success": True}, self.value(reply))
        octets = {**changes, "maps.x": "caf\u00e9\n".encode()}
        self.assertEqual([("save", octets, "loopback")], self.desk.told)

    def test_undo(self) -> None:
        reply = self.post("/api/undo", b'{"keys":["actions.reject","maps.x"]}')
        self.assertEqual({"success": True}, self.value(reply))
        self.assertEqual([("undo", ("actions.reject", "maps.x"), "loopback")], self.desk.told)

    def test_wrong(self) -> None:
        """What is no change is none, and no value that came is in the reply's head."""
        for path, body in (
            ("save", b""),
            ("save", b"["),
            ("save", b"\xff"),
            ("save", b"[" * 5000),
            ("save", b'{"changes":{}}'),
            ("save", b'{"changes":[1]}'),
            ("save", b'{"changes":{"a":{"b":1}}}'),
            ("save", b'{"changes":{"a":NaN}}'),
            ("save", b'{"changes":{"a":true}}'),
            ("save", json.dumps({"changes": dict.fromkeys(map(str, range(4097)))}).encode()),
            ("undo", b'{"keys":"actions.reject"}'),
            ("undo", b'{"keys":[]}'),
        ):
            reply = self.post(f"/api/{path}", body)
            self.assertTrue(reply.startswith(b"HTTP/1.1 400 "), (path, body[:40], reply))
        self.assertEqual([], self.desk.told)

    def test_get(self) -> None:
        """An address alone changes nothing."""
        for path in ("save", "undo"):
            self.assertEqual(error_bytes(400, "expected POST"), self.get(f"/api/{path}"))

    def test_refused(self) -> None:
        """Why not is told to whoever asked."""
        self.desk.refusal = "actions.reject must be above actions.add_header"
        for path, body in (("save", b'{"changes":{"a":1}}'), ("undo", b'{"keys":["a"]}')):
            self.assertEqual(
                error_bytes(400, self.desk.refusal), self.post(f"/api/{path}", body), path
            )

    def test_saved(self) -> None:
        """What is saved; of a map the desk tells how large it is."""
        entry = {"key": "maps.x", "value": {"octets": 4}, "by": "x", "at": 1.0, "configured": None}
        self.desk.kept = [{**entry, "key": "actions.reject", "value": 3.5}, entry]
        self.assertEqual(
            [
                {**entry, "key": "actions.reject", "value": 3.5},
                {**entry, "value": {"octets": 4}},
            ],
            self.value(self.get("/api/saved"))["entries"],
        )


class OtherTests(ControllerCase):
    def test_config(self) -> None:
        self.desk.keys = [
            {"key": "actions.reject", "value": "15.0", "origin": "default", "is_saved": False}
        ]
        self.assertEqual({"entries": self.desk.keys}, self.value(self.get("/api/config")))

    def test_errors(self) -> None:
        self.desk.logged = [{"ts": 1.5, "message": "\ud800\u00e9<script>"}]
        reply = self.get("/api/errors")
        self.assertTrue(reply.isascii())
        self.assertEqual(
            [{"ts": 1.5, "message": "\ufffd\u00e9<script>"}], self.value(reply)["errors"]
        )
