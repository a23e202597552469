"""The keys of [server]: what is right, and what is said of the rest."""

from mailfilter.config.model import Server
from mailfilter.config.show import effective

from .case import ConfigCase

WORKERS = 'expected an integer from 1 to 256, or "auto"'
UMASK = 'expected an octal number such as "027"'


class ServerTests(ConfigCase):
    def server(self, line: str) -> Server:
        return self.load(f"[server]\n{line}\n").config.server

    def wrong(self, line: str) -> str:
        (text,) = self.problems(f"[server]\n{line}\n")
        key = line.partition(" = ")[0]
        self.assertTrue(text.startswith(f"m.toml:2: server.{key} = "), text)
        return text.partition(": ")[2].partition(": ")[2]

    def test_workers(self) -> None:
        self.assertIs(self.server("").workers, None)
        self.assertIs(self.server('workers = "auto"').workers, None)
        for number in (1, 2, 256):
            self.assertEqual(self.server(f"workers = {number}").workers, number)

    def test_wrong_workers(self) -> None:
        for value in ("0", "257", "-1", '"two"', "2.0", "true", '""', "[1]"):
            self.assertTrue(self.wrong(f"workers = {value}").startswith(WORKERS), value)
        self.assertEqual(self.wrong('workers = "4"'), f"{WORKERS}; did you mean 4?")

    def test_auto_again(self) -> None:
        """A later file takes back the number of an earlier one."""
        loaded = self.load("server.workers = 4", x='server.workers = "auto"')
        self.assertIs(loaded.config.server.workers, None)
        (entry,) = effective(loaded, ("server", "workers"))
        self.assertEqual(entry.value, '"auto"')

    def test_umask(self) -> None:
        for text in ("", "027", "0027", "077", "000"):
            self.assertEqual(self.server(f'umask = "{text}"').umask, text)
        for value in (
            '"27x"',
            '"27"',
            '"1027"',
            '"00027"',
            '"028"',
            '"777"',
            '"127"',
            '"0o27"',
            '"٠٢٧"',
            '" 27"',
        ):
            self.assertEqual(self.wrong(f"umask = {value}"), UMASK, value)
        self.assertTrue(self.wrong("umask = 27").startswith(UMASK))

    def test_times(self) -> None:
        """Off where that makes sense; a reload must end some time."""
        for key in ("watchdog", "drain_timeout", "stop_timeout"):
            self.assertEqual(getattr(self.server(f'{key} = "0s"'), key), 0.0)
        text = "expected a duration from 1s to 1h"
        self.assertEqual(self.wrong('reload_timeout = "0s"'), text)
        self.assertEqual(self.wrong('stop_timeout = "2h"'), "expected a duration from 0s to 1h")

    def test_user(self) -> None:
        """A name, or a number as a text; whether there is one is asked at the start."""
        for value in ("mailfilter", "no-such", "123"):
            self.assertEqual(self.server(f'user = "{value}"').user, value)
        self.assertTrue(self.wrong("user = 123").startswith("expected a text in quotes"))

    def test_memory(self) -> None:
        self.assertEqual(self.server('worker_memory = "0B"').worker_memory, 0)
        self.assertEqual(self.server('worker_memory = "1GiB"').worker_memory, 2**30)
