"""`mailfilteradm dns doctor`: what it says of resolvers, good ones and others."""

import json
import socket
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.client.adm import main
from mailfilter.client.dns_doctor import Finding, _hints
from mailfilter.client.dns_public import is_stub, operator_of
from mailfilter.net.servers import Server
from tests.live import dns_wire as wire
from tests.live.dns_wire import Query

from .dns_server import HOST, DnsServer, Resolver

Behaviour = Callable[[Query], Iterable[bytes]]
TIMEOUT = "300ms"
"""How long a silent server is waited for."""


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["dns", "doctor", *words])


class DoctorCase(SynchronousTestCase):
    """With servers of ours."""

    def server(self, behaviour: Behaviour, *, has_tcp: bool = True) -> DnsServer:
        server = DnsServer(behaviour, has_tcp=has_tcp)
        self.addCleanup(server.stop)
        return server

    def config(self, *servers: str, timeout: str = "20s") -> str:
        path = Path(self.mktemp())
        listed = ", ".join(f'"{server}"' for server in servers)
        path.write_text(f'[dns]\nservers = [{listed}]\ntimeout = "{timeout}"\n')
        return str(path)

    def found(self, behaviour: Behaviour, *words: str, **options: bool) -> dict[str, Any]:
        """What is said of a server."""
        server = self.server(behaviour, **options)
        result = run("--json", "--config", self.config(f"{HOST}:{server.port}"), *words)
        finding: dict[str, Any] = json.loads(result.stdout)["servers"][0]
        self.assertEqual(result.exit_code, 1 if finding["trouble"] else 0)
        return finding


class GoodTests(DoctorCase):
    """Nothing is wrong."""

    def test_text(self) -> None:
        """For people."""
        server = self.server(Resolver())
        result = run("--config", self.config(f"{HOST}:{server.port}"))
        self.assertEqual(result.exit_code, 0, result.output)
        self.assertTrue(result.stdout.startswith(f"resolvers of dns.servers\n\n{HOST}:"))
        for part in ("answers           yes, in ", "TCP               yes", "validates"):
            self.assertIn(part, result.stdout)
        self.assertIn("zen.spamhaus.org  answers\n", result.stdout)

    def test_json(self) -> None:
        """For programs."""
        found = self.found(Resolver(), "--blocklist", "a.test", "--blocklist", "b.test")
        times = found.pop("milliseconds")
        self.assertEqual(set(times), {"median", "slowest", "unknown"})
        self.assertTrue(all(isinstance(value, float) for value in times.values()), times)
        found.pop("server")
        # On a loaded machine it may be slow.
        found.pop("hints")
        lists = [{"name": f"{name}.test", "answers": True, "trouble": ""} for name in "ab"]
        expected = {"answers": True, "tcp": True, "edns": True, "validates": True}
        expected |= {"is_honest": True}
        self.assertEqual(found, {**expected, "public": None, "lists": lists, "trouble": []})

    def test_several(self) -> None:
        """Each is told, in their order."""
        ports = [self.server(Resolver()).port for _ in range(2)]
        words = [word for port in ports for word in ("--server", f"{HOST}:{port}")]
        page = json.loads(run("--json", *words).stdout)
        self.assertEqual(page["from"], "--server")
        told = [each["server"] for each in page["servers"]]
        self.assertEqual(told, [f"{HOST}:{port}" for port in ports])


class TroubleTests(DoctorCase):
    """What must be changed, or could be better."""

    def test_silent(self) -> None:
        """It is said soon, and the exit status is 1."""
        server = self.server(lambda _query: [])
        result = run("--config", self.config(f"{HOST}:{server.port}", timeout=TIMEOUT))
        self.assertEqual(result.exit_code, 1)
        text = "must be changed: it does not answer: nothing came back in time\n"
        self.assertIn(text, result.stdout)
        self.assertEqual(len(server.queries), 2)

    def test_nobody_there(self) -> None:
        """The system says why."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unused:
            unused.bind((HOST, 0))
            port = unused.getsockname()[1]
        result = run("--server", f"{HOST}:{port}")
        self.assertEqual(result.exit_code, 1)
        self.assertIn("it does not answer: Connection refused\n", result.stdout)

    def test_fails(self) -> None:
        """It says itself that it cannot."""
        found = self.found(lambda query: [wire.reply(query, flags=wire.REPLY | wire.SERVFAIL)])
        self.assertIn("asked for the root: SERVFAIL", found["trouble"])
        self.assertTrue(found["answers"])
        self.assertEqual((found["validates"], found["is_honest"]), (None, None))

    def test_lists(self) -> None:
        """They refuse, they are not reached, or somebody else answers."""
        for address, trouble in (
            ("127.255.255.254", "127.255.255.254: the question came through a public resolver"),
            ("127.255.255.1", "127.255.255.1: it refuses"),
            ("", "it does not list what every list lists for trying"),
            ("192.0.2.1", "192.0.2.1 is no answer of a list"),
        ):
            found = self.found(Resolver(listed=address), "--blocklist", "a.test")
            self.assertEqual(found["trouble"], [f"a.test: {trouble}"])
            self.assertFalse(found["lists"][0]["answers"])

    def test_liar(self) -> None:
        """An address for a name that does not exist."""
        found = self.found(Resolver(missing="192.0.2.1"))
        self.assertIs(found["is_honest"], False)
        self.assertEqual(len(found["trouble"]), 1)

    def test_not_validating(self) -> None:
        """It is a hint alone."""
        found = self.found(Resolver(flags=wire.REPLY))
        self.assertIs(found["validates"], False)
        self.assertEqual(found["trouble"], [])
        self.assertTrue(any("does not validate" in hint for hint in found["hints"]))

    def test_no_tcp(self) -> None:
        """There is no room for long answers."""
        found = self.found(Resolver(), has_tcp=False)
        self.assertIs(found["tcp"], False)
        self.assertIn("Connection refused", found["trouble"][0])

    def test_no_edns(self) -> None:
        """It answers without."""

        def behaviour(query: Query) -> Iterable[bytes]:
            if query.has_edns:
                return [wire.reply(query, flags=wire.REPLY | wire.FORMERR)]
            return Resolver()(query)

        found = self.found(behaviour)
        self.assertIs(found["edns"], False)
        self.assertTrue(any("EDNS" in hint for hint in found["hints"]))

    def test_forger(self) -> None:
        """What answers no question of ours is counted, and believed by nobody."""

        def behaviour(query: Query) -> Iterable[bytes]:
            lie = wire.address(1)
            if not query.is_tcp:
                yield wire.reply(query, lie, number=query.number ^ 1)
                yield wire.reply(query, lie, question=b"\1x" + query.question)
                yield b"\0"
            yield from Resolver()(query)

        found = self.found(behaviour)
        self.assertEqual(found["trouble"], [])
        self.assertIs(found["is_honest"], True)
        strays = [hint for hint in found["hints"] if hint.startswith("packets")]
        self.assertEqual(strays, [f"packets that are no answer to what was asked: {7 * 3}"])

    def test_terminal(self) -> None:
        """Nothing that a server says gets to a terminal as it is."""
        result = run("--server", "\x1b[31m")
        self.assertEqual((result.exit_code, result.stdout), (2, ""))
        self.assertNotIn("\x1b", result.stderr)


class CommandLineTests(SynchronousTestCase):
    """What can be given."""

    def test_wrong(self) -> None:
        """It is said which, and nothing is asked."""
        many = [word for _ in range(21) for word in ("--blocklist", "a.test")]
        for words in (
            ["--server", "localhost"],
            ["--server", "127.0.0.1:0x"],
            ["--server", "[::1]:99999"],
            ["--blocklist", "a..b"],
            ["--blocklist", "."],
            ["--blocklist", "a." * 120],
            many,
        ):
            result = run(*words)
            self.assertEqual((result.exit_code, result.stdout), (2, ""), words)

    def test_public(self) -> None:
        """The large ones are known by their addresses."""
        for host, operator in (
            ("8.8.8.8", "Google"),
            ("1.1.1.1", "Cloudflare"),
            ("2620:fe::fe", "Quad9"),
            ("192.0.2.1", ""),
            ("fe80::1%eth0", ""),
        ):
            self.assertEqual(operator_of(host), operator, host)
        self.assertTrue(is_stub("127.0.0.53"))
        self.assertFalse(is_stub("127.0.0.1"))

    def test_hints_of_addresses(self) -> None:
        """Who asks others is told, too."""
        for host in ("127.0.0.53", "9.9.9.9"):
            finding = Finding(Server(host), operator=operator_of(host))
            self.assertEqual(len(list(_hints(finding))), 1, host)
