"""Defaults, main file and conf.d: what holds in the end, and where it comes from."""

import os

from mailfilter.config import Config, Origin, load
from mailfilter.config.model import Actions, Listener

from .case import ConfigCase


class MergeTests(ConfigCase):
    """Defaults, main file, conf.d."""

    def test_defaults(self) -> None:
        """Nothing read, nothing changed."""
        loaded = load(None)
        self.assertEqual(loaded.config, Config())
        self.assertEqual((loaded.path, loaded.directory, loaded.files), (None, os.getcwd(), ()))
        self.assertEqual(loaded.origin("scan.timeout"), Origin())
        self.assertEqual(self.load("").config, Config())
        self.assertEqual(load("/dev/null").config, Config())

    def test_order(self) -> None:
        """Later files win by name; hidden and other files are not read."""
        self.write("conf.d/.hidden.toml", "x")
        self.write("conf.d/20.toml~", "x")
        loaded = self.load(
            "[scan]\ntimeout = '1s'\nmax_options = 5\ncheck_timeout = '1s'",
            **{
                "10": "[scan]\ntimeout = '2s'",
                "20": "\nscan.timeout = '3s'",
                "9": "[scan]\ncheck_timeout = '2s'",
            },
        )
        scan = loaded.config.scan
        self.assertEqual((scan.timeout, scan.check_timeout, scan.max_options), (3.0, 2.0, 5))
        names = [os.path.relpath(file, self.folder) for file in loaded.files]
        self.assertEqual(names, ["m.toml", "conf.d/10.toml", "conf.d/20.toml", "conf.d/9.toml"])
        self.assertEqual(str(loaded.origin("scan.timeout")), f"{self.folder}/conf.d/20.toml:2")
        self.assertEqual(str(loaded.origin("scan.max_options")), f"{self.folder}/m.toml:3")
        self.assertEqual(str(loaded.origin("scan.check_dir")), "default")

    def test_tables(self) -> None:
        """Tables are merged key by key, lists are replaced, defaults stay."""
        loaded = self.load(
            """
            [listeners.scan]
            enabled = false
            [listeners.extra]
            protocol = "http"
            endpoint = "tcp:1"
            [groups.headers]
            description = "x"
            [profiles.p]
            users = ["a", "b"]
            symbols = { A = 1, B = 2 }
            [profiles.p.actions]
            reject = 20
            [checks.c.options]
            list = [1, 2]
            table = { a = 1, b = { c = 1 } }
            """,
            x="""
            profiles.p = { users = ["c"], symbols.B = 3, actions.off = ["greylist"] }
            listeners.extra.idle_timeout = "5s"
            [checks.c.options]
            list = [3]
            table.b.d = 2
            """,
        )
        config = loaded.config
        default = Config()
        self.assertEqual(list(config.listeners), ["milter", "scan", "spamd", "controller", "extra"])
        self.assertFalse(config.listeners["scan"].enabled)
        self.assertEqual(config.listeners["scan"].endpoint, default.listeners["scan"].endpoint)
        extra = Listener(protocol="http", endpoint="tcp:1", idle_timeout=5.0)
        self.assertEqual(config.listeners["extra"], extra)
        self.assertEqual(config.listeners["milter"], default.listeners["milter"])
        self.assertEqual(config.groups["headers"].max_score, 8.0)
        profile = config.profiles["p"]
        self.assertEqual(profile.users, ("c",))
        self.assertEqual(profile.symbols, {"A": 1.0, "B": 3.0})
        self.assertEqual((profile.actions.reject, profile.actions.off), (20.0, ("greylist",)))
        options = {"list": [3], "table": {"a": 1, "b": {"c": 1, "d": 2}}}
        self.assertEqual(config.checks["c"].options, options)
        self.assertEqual(loaded.origin("checks.c.options.table.b.c").line, 16)
        self.assertEqual(loaded.origin("checks.c.options.table.b.d").line, 6)

    def test_completed_in_a_fragment(self) -> None:
        """A listener may be begun in one file and completed in another."""
        loaded = self.load("[listeners.a]\nprotocol='http'", x="[listeners.a]\nendpoint='tcp:1'")
        self.assertEqual(loaded.config.listeners["a"].endpoint, "tcp:1")

    def test_values(self) -> None:
        """Values as the model holds them."""
        config = self.load(
            """
            [scan]
            timeout = "1m30s"
            max_message = "10MB"
            check_timeout = "250ms"
            [actions]
            greylist = "off"
            add_header = 5
            [profiles.p]
            networks = ["2001:db8::/32"]
            senders = ["", "@example.org"]
            authenticated = false
            """
        ).config
        self.assertEqual(config.scan.timeout, 90.0)
        self.assertEqual(config.scan.max_message, 10**7)
        self.assertEqual(config.actions, Actions(greylist=None, add_header=5.0))
        self.assertIs(type(config.actions.add_header), float)
        self.assertIs(config.profiles["p"].authenticated, False)
        self.assertEqual(config.profiles["p"].senders, ("", "@example.org"))

    def test_equal_thresholds(self) -> None:
        """Thresholds may be equal, and those that are off have no place in the order."""
        self.load("[actions]\ngreylist = 6\nreject = 6")
        self.load('[actions]\nadd_header = "off"\ngreylist = 9\nrewrite_subject = 9')
        self.load("[actions]\nrewrite_subject = 5")

    def test_same_endpoint(self) -> None:
        """Only enabled listeners can be in each other's way."""
        other = "[listeners.a]\nprotocol = 'http'\nendpoint = 'tcp:11333'\n"
        self.load(other + "enabled = false")
        self.load(other + "[listeners.scan]\nenabled = false")
        (found,) = self.problems("[listeners.scan]\nendpoint = 'tcp:11332'")
        self.assertIn("m.toml:2: listeners.scan.endpoint = ", found)
        self.assertIn("listeners.milter.endpoint (default)", found)
        unix = "[listeners.%s]\nprotocol='http'\nendpoint='unix:%s'\n"
        (found,) = self.problems(unix % ("a", "x/../s") + unix % ("b", "s"))
        self.assertIn("m.toml:6: listeners.b.endpoint = ", found)

    def test_relative_paths(self) -> None:
        """They start at the folder of the main file, wherever we are and the fragment is."""
        loaded = self.load(
            "[scan]\ncheck_dir = 'checks'",
            x="[listeners.scan]\nendpoint = 'unix:run/http.sock:mode=660'",
        )
        self.assertEqual(loaded.config.scan.check_dir, f"{self.folder}/checks")
        endpoint = f"unix:{self.folder}/run/http.sock:mode=660"
        self.assertEqual(loaded.config.listeners["scan"].endpoint, endpoint)
        self.assertEqual(loaded.directory, str(self.folder))

    def test_relative_main_file(self) -> None:
        """The path of the main file is made absolute."""
        path = self.write("m.toml", "")
        self.assertEqual(load(os.path.relpath(path)).path, path)

    def test_long_socket_path(self) -> None:
        """A path that is too long only once it is absolute."""
        (found,) = self.problems(f"[listeners.scan]\nendpoint = 'unix:{'a' * 100}'")
        self.assertIn("expected a path of at most 107 octets", found)

    def test_line_ends_and_marks(self) -> None:
        """CRLF and a byte order mark do no harm."""
        loaded = self.load(b"\xef\xbb\xbf[scan]\r\n\r\nmax_options = 7\r\n")
        self.assertEqual(loaded.config.scan.max_options, 7)
        self.assertEqual(loaded.origin("scan.max_options").line, 3)

    def test_warnings(self) -> None:
        """What is allowed but hardly meant."""
        names = ("scan", "spamd", "milter", "controller")
        off = "\n".join(f"[listeners.{name}]\nenabled = false" for name in names)
        loaded = self.load(f"[scan]\ntimeout = '1s'\n{off}")
        self.assertEqual(
            [str(item).replace(f"{self.folder}/", "") for item in loaded.warnings],
            [
                'scan.check_timeout = "4s": has no effect beyond scan.timeout, 1s',
                'store.timeout = "1s": no scan can wait so long: scan.timeout is 1s',
                "m.toml:3: listeners: no listener is enabled",
            ],
        )

    def test_problem_of_others(self) -> None:
        """Those who check more than the loader tell of it in the same way."""
        loaded = self.load("[checks.x]\nenabled = false")
        problem = loaded.problem("checks.x.enabled", "false", "no such check", "did you mean y?")
        expected = (
            f"{self.folder}/m.toml:2: checks.x.enabled = false: no such check; did you mean y?"
        )
        self.assertEqual(str(problem), expected)
