"""The file of what is saved, and what holds with it."""

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config import Config, Loaded, Origin
from mailfilter.config import saved as module
from mailfilter.config.model import Map, SymbolSettings
from mailfilter.config.saved import (
    FILE,
    MAX_VERSIONS,
    SavedError,
    Value,
    Version,
    bounded,
    decode,
    encode,
    is_fit,
    overlaid,
    parse_saved,
    read_saved,
)
from mailfilter.config.show import effective

AT = 1_800_000_000.0


def version(value: Value, by: str = "somebody") -> Version:
    return Version(value, by, AT)


class FileTests(SynchronousTestCase):
    def test_round(self) -> None:
        """What is written is read."""
        history = {
            "actions.reject": (version(12.5), version(None)),
            "symbols.A.B.score": (version(-3.0, "ünn\u2028\x00"),),
            "maps.m": (version(b""), version(bytes(range(256)))),
        }
        self.assertEqual(decode(encode(history)), history)
        self.assertEqual(decode(encode({})), {})

    def test_versions(self) -> None:
        """Of too many the newest are taken."""
        many = tuple(version(float(at)) for at in range(MAX_VERSIONS + 2))
        self.assertEqual(decode(encode({"actions.reject": many}))["actions.reject"], many[2:])

    def test_damaged(self) -> None:
        row = '{"by":"a","at":1.0,"value":2.0}'
        for text in (
            "",
            "{",
            "[]",
            '{"saved":[]}',
            '{"format":2,"saved":{}}',
            '{"saved":{"actions.reject":[]}}',
            '{"saved":{"actions.reject":[{"by":"a","at":1.0}]}}',
            '{"saved":{"actions.reject":[{"by":"a","at":-1.0,"value":2.0}]}}',
            '{"saved":{"actions.reject":[{"by":"a","at":1e300,"value":2.0}]}}',
            '{"saved":{"actions.reject":[{"by":"a","at":1.0,"value":2e6}]}}',
            '{"saved":{"actions.reject":[{"by":"a","at":1.0,"value":1e999}]}}',
            '{"saved":{"actions.reject":[{"by":"a","at":1.0,"value":true}]}}',
            '{"saved":{"actions.reject":[{"by":"a","at":1.0,"octets":"AA=="}]}}',
            '{"saved":{"symbols.X.score":[{"by":"a","at":1.0,"value":null}]}}',
            '{"saved":{"maps.m":[{"by":"a","at":1.0,"octets":"A"}]}}',
            f'{{"saved":{{"maps.m":[{row}]}}}}',
            f'{{"saved":{{"scan.timeout":[{row}]}}}}',
            f'{{"saved":{{"actions.subject":[{row}]}}}}',
            f'{{"saved":{{"actions.reject":[{row},{{}}]}}}}',
            "[" * 100_000,
        ):
            with self.assertRaises(SavedError, msg=text[:99]):
                decode(text.encode())
        for octets in (b"\xff", b"\x00" * 99, encode({"maps.m": (version(b"abc"),)})[:-9]):
            self.assertRaises(SavedError, decode, octets)

    def test_read(self) -> None:
        folder = Path(self.mktemp())
        folder.mkdir()
        self.assertEqual(read_saved(str(folder)), {})
        history = {"actions.reject": (version(12.0),)}
        (folder / FILE).write_bytes(encode(history))
        self.assertEqual(read_saved(str(folder)), history)
        self.patch(module, "MAX_FILE", 9)
        self.assertRaises(SavedError, read_saved, str(folder))

    def test_bounded(self) -> None:
        """Where there is no room, old versions of maps are dropped, the largest first."""
        history = {
            "actions.reject": (version(1.0), version(2.0)),
            "maps.small": (version(b"a"), version(b"b")),
            "maps.large": tuple(version(bytes([at]) * 3000) for at in range(4)),
        }
        self.assertEqual(bounded(history), history)
        self.patch(module, "MAX_FILE", 11_000)
        kept = {**history, "maps.large": history["maps.large"][2:]}
        self.assertEqual(bounded(history), kept)
        self.assertLess(len(encode(bounded(history))), 11_000)
        self.patch(module, "MAX_FILE", 10)
        least = {key: versions[-1:] for key, versions in history.items()}
        least["actions.reject"] = history["actions.reject"]
        self.assertEqual(bounded(history), least)


class KeyTests(SynchronousTestCase):
    def test_parse(self) -> None:
        for key, expected in (
            ("actions.reject", ("actions", "reject")),
            ("actions.greylist", ("actions", "greylist")),
            ("actions.subject", None),
            ("actions.", None),
            ("symbols.X.score", ("symbols", "X")),
            ("symbols.A.B.score", ("symbols", "A.B")),
            ("symbols..score", None),
            ("symbols.score", None),
            ("symbols.X.group", None),
            ("maps.a.b", ("maps", "a.b")),
            ("maps.", None),
            ("maps", None),
            ("", None),
        ):
            self.assertEqual(parse_saved(key), expected, key)

    def test_fit(self) -> None:
        for key, good, bad in (
            ("actions.reject", (None, 3, -2.5, 1e6), (True, "3", b"", 2e6, float("nan"))),
            ("symbols.X.score", (0, -1e6), (None, float("inf"), 10**400, [])),
            ("maps.m", (b"", b"\xff"), (None, "", 1.0)),
            ("scan.timeout", (), (1.0, None, b"")),
            (f"symbols.{'X' * 600}.score", (), (1.0,)),
        ):
            found = [is_fit(key, value) for value in (*good, *bad)]
            self.assertEqual(found, [True] * len(good) + [False] * len(bad), key)


class OverlaidTests(SynchronousTestCase):
    def setUp(self) -> None:
        config = Config(
            maps={"m": Map(kind="names", file="/m")},
            symbols={"X": SymbolSettings(score=1.0, group="g")},
        )
        origins = {"maps.m.file": Origin("/c", 3), "symbols.X.score": Origin("/c", 4)}
        self.loaded = Loaded(config, origins, "/c", "/")

    def lines(self, history: module.History, *path: str) -> list[str]:
        return [str(entry) for entry in effective(overlaid(self.loaded, history), path)]

    def test_nothing(self) -> None:
        self.assertEqual(overlaid(self.loaded, {}), self.loaded)

    def test_shown(self) -> None:
        """The values that hold, who saved them and when; the rest is as it was."""
        history = {
            "actions.reject": (version(3.0), version(20.0)),
            "actions.greylist": (version(None, "a\nb"),),
            "symbols.X.score": (version(2.0),),
            "symbols.NEW.score": (version(-1.0),),
            "maps.m": (version(b"\xff"),),
            "maps.gone": (version(b""),),
        }
        by = "saved by somebody, 2027-01-15T08:00:00Z"
        self.assertEqual(
            self.lines(history, "actions")[:4],
            [
                'actions.greylist = "off"   # saved by a\\nb, 2027-01-15T08:00:00Z',
                "actions.add_header = 6.0   # default",
                "# actions.rewrite_subject is not set",
                f"actions.reject = 20.0   # {by}",
            ],
        )
        self.assertIn(f"symbols.X.score = 2.0   # {by}", self.lines(history, "symbols"))
        self.assertIn(f"symbols.NEW.score = -1.0   # {by}", self.lines(history, "symbols"))
        self.assertIn('symbols.X.group = "g"   # default', self.lines(history, "symbols"))
        expected = [f'maps.m.file = "/m"   # /c:3, contents {by}']
        self.assertEqual(self.lines(history, "maps", "m", "file"), expected)
