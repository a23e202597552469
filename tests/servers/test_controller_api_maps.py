"""Maps as our own pages ask for them."""

from mailfilter.config.model import Map

from .controller_case import ControllerCase, error_bytes


class MapTests(ControllerCase):
    def setUp(self) -> None:
        super().setUp()
        one = Map(kind="names", file="/etc/one.map", description="partners", editable=False)
        self.use(maps={"one": one, "two": Map(kind="networks", file="/etc/two.map")})
        self.desk.map_texts = {"one": b"a\nb\n", "two": b"caf\xe9\n", "gone": b""}

    def test_maps(self) -> None:
        """What the configuration says, and what the master does; not those of another one."""
        one, two = self.value(self.get("/api/maps"))["maps"]
        self.assertEqual(
            {
                "name": "one",
                "kind": "names",
                "file": "/etc/one.map",
                "description": "partners",
                "editable": False,
                "octets": 4,
                "entries": 2,
                "is_saved": False,
                "loaded": 1.0,
                "trouble": "",
            },
            one,
        )
        self.assertEqual(("two", True), (two["name"], two["editable"]))

    def test_text(self) -> None:
        found = self.value(self.get("/api/map?name=one"))
        self.assertEqual({"name": "one", "text": "a\nb\n", "is_exact": True}, found)

    def test_not_utf8(self) -> None:
        """It could not be saved again as it was."""
        found = self.value(self.get("/api/map?name=two"))
        self.assertEqual({"name": "two", "text": "caf\ufffd\n", "is_exact": False}, found)

    def test_unknown(self) -> None:
        self.assertEqual(error_bytes(404, "no such map"), self.get("/api/map?name=gone"))
        self.assertEqual(error_bytes(400, "name: expected the name of a map"), self.get("/api/map"))
