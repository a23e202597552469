"""Finding and reaching a server: its addresses in turn, from an address of ours, in time."""

import os
import socket
from threading import Event

from mailfilter.client.rspamc.address import Server
from mailfilter.client.rspamc.exchange import Misused

from .wire_case import PATIENCE, SHORT, WireCase, closed_port, length, read_request, silent

REFUSED = "Connection refused"


def full(case: WireCase) -> Server:
    """A listener whose queue is full: what else comes is not answered."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=0)
    case.addCleanup(listener.close)
    place = listener.getsockname()
    case.addCleanup(socket.create_connection(place).close)
    return Server(*place)


def full_unix(case: WireCase) -> Server:
    """The same at a path."""
    path = f"{case.listen_unix(case.answering()).path}q"
    listener, waiting = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
    case.addCleanup(listener.close)
    case.addCleanup(waiting.close)
    listener.bind(path)
    listener.listen(0)
    waiting.connect(path)
    return Server(path=path)


class ReachedTests(WireCase):
    """Where there is one address."""

    def test_refused(self) -> None:
        """Nobody listens."""
        self.assertEqual(self.fails(closed_port()), f"no connection: {REFUSED}")

    def test_unix(self) -> None:
        """No such path, and one that is no socket."""
        server = self.listen_unix(self.answering(length(b"hi")))
        absent = Server(path=f"{server.path}x")
        self.assertEqual(self.fails(absent), "no connection: No such file or directory")
        folder = Server(path=os.path.dirname(server.path))
        self.assertEqual(self.fails(folder), f"no connection: {REFUSED}")

    def test_no_answer(self) -> None:
        """Its queue is full, and nobody takes from it."""
        server = full(self)
        said = self.fails(server, timeout=SHORT)
        self.assertRegex(said, r"^no connection: no answer within [0-9.]+ s$")

    def test_no_answer_at_a_path(self) -> None:
        """The same for a unix socket."""
        said = self.fails(full_unix(self), timeout=SHORT)
        self.assertRegex(said, r"^no connection: no answer within [0-9.]+ s$")

    def test_room_at_a_path(self) -> None:
        """A queue that is full for a moment is waited for."""
        server = self.listen_unix(self.answering(length(b"hi")))
        refusals = [BlockingIOError()] * 3

        class Busy(socket.socket):
            """Has no room at first, as the system says it."""

            def connect(self, address: object) -> None:
                if refusals:
                    raise refusals.pop()
                super().connect(address)  # type: ignore[arg-type]

        self.patch(socket, "socket", Busy)
        self.assertEqual(self.ask(server).body, b"hi")
        self.assertEqual(refusals, [])


class NameTests(WireCase):
    """Where a name is to be looked up."""

    def resolve(self, *addresses: tuple[str, int]) -> list[bytes]:
        """Have each name be these addresses; the names that were asked for."""
        asked: list[bytes] = []

        def getaddrinfo(host: bytes, port: int, **options: object) -> list[object]:
            asked.append(host)
            found: list[object] = []
            for address, other_port in addresses:
                family = socket.AF_INET6 if ":" in address else socket.AF_INET
                found += [(family, socket.SOCK_STREAM, 6, "", (address, other_port or port))]
            return found

        self.patch(socket, "getaddrinfo", getaddrinfo)
        return asked

    def test_name(self) -> None:
        """It is looked up, and sent as it is."""
        server = self.listen(self.answering(length(b"hi")))
        asked = self.resolve(("127.0.0.1", 0))
        self.assertEqual(self.ask(Server("mx.example.org", server.port)).body, b"hi")
        self.assertEqual(asked, [b"mx.example.org"])
        self.assertIn(b"Host: mx.example.org:%d\r\n" % server.port, self.requests[0])

    def test_no_name_server(self) -> None:
        """`localhost` and addresses need none."""
        asked = self.resolve()
        server = self.listen(self.answering(length(b"hi")))
        for host in ("localhost", "LOCALHOST", "127.0.0.1"):
            self.assertEqual(self.ask(Server(host, server.port)).body, b"hi")
        self.assertEqual(asked, [])

    def test_localhost_of_ipv6(self) -> None:
        """It is both addresses."""
        try:
            server = self.listen(self.answering(length(b"hi")), "::1")
        except OSError as error:
            self.skipTest(f"no IPv6 here: {error}")
        self.assertEqual(self.ask(Server("localhost", server.port)).body, b"hi")
        self.assertEqual(self.ask(server).body, b"hi")

    def test_next_address(self) -> None:
        """One that refuses is passed over."""
        server = self.listen(self.answering(length(b"hi")))
        self.resolve(("127.0.0.1", closed_port().port), ("127.0.0.1", 0))
        self.assertEqual(self.ask(Server("mx.example.org", server.port)).body, b"hi")

    def test_one_that_is_silent(self) -> None:
        """It does not use up the time of the others."""
        mute = full(self)
        server = self.listen(self.answering(length(b"hi")))
        self.resolve(("127.0.0.1", mute.port), ("127.0.0.1", 0), ("127.0.0.2", 1))
        # A third of this is for the first.
        self.assertEqual(self.ask(Server("mx.example.org", server.port), timeout=3).body, b"hi")

    def test_none_answers(self) -> None:
        """Each is named, once."""
        port = closed_port().port
        self.resolve(("127.0.0.1", 0), ("127.0.0.2", 0), ("127.0.0.1", 0))
        said = self.fails(Server("mx.example.org", port))
        self.assertEqual(said, f"no connection: {REFUSED} (127.0.0.1); {REFUSED} (127.0.0.2)")

    def test_no_address(self) -> None:
        """The name server knows none."""

        def getaddrinfo(*arguments: object, **options: object) -> None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

        self.patch(socket, "getaddrinfo", getaddrinfo)
        said = self.fails(Server("mx.example.org", 1))
        self.assertEqual(said, "its name has no address: Name or service not known")

    def test_name_server_is_silent(self) -> None:
        """It is waited for no longer than for all else."""
        over = Event()
        self.addCleanup(over.set)

        def getaddrinfo(*arguments: object, **options: object) -> list[object]:
            over.wait(PATIENCE)
            return []

        self.patch(socket, "getaddrinfo", getaddrinfo)
        said = self.fails(Server("mx.example.org", 1), timeout=SHORT)
        self.assertEqual(said, "its name has no address: no answer of a name server within 1 s")

    def test_no_time(self) -> None:
        """None is left for anything."""
        said = self.fails(self.listen(silent), timeout=0.0)
        self.assertRegex(said, "^no (connection: no )?answer within 0")


class BindTests(WireCase):
    """From which address we connect."""

    def test_bound(self) -> None:
        """The server sees it."""
        seen = []

        def serve(sock: socket.socket, over: Event) -> None:
            seen.append(sock.getpeername()[0])
            read_request(sock)
            sock.sendall(length(b"hi"))

        self.assertEqual(self.ask(self.listen(serve), bind="127.0.0.9").body, b"hi")
        self.assertEqual(seen, ["127.0.0.9"])

    def test_not_ours(self) -> None:
        """An address of somebody else."""
        said = self.fails(closed_port(), bind="192.0.2.1")
        self.assertEqual(said, "no connection: from 192.0.2.1: Cannot assign requested address")

    def test_other_family(self) -> None:
        """The server is not of its kind; of several addresses, those that are count."""
        said = self.fails(closed_port(), bind="::1")
        self.assertEqual(said, "no connection from ::1: the server has no IPv6 address")
        server = self.listen(self.answering(length(b"hi")))
        local = Server("localhost", server.port)
        self.assertEqual(self.ask(local, bind="127.0.0.9").body, b"hi")

    def test_nonsense(self) -> None:
        """What is no address."""
        with self.assertRaises(Misused):
            self.ask(closed_port(), bind="mx.example.org")
