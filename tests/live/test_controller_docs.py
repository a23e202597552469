"""docs/controller.md as an administrator reads it: its configurations, commands, and its nginx."""

import functools
import http.client
import json
import re
import subprocess
from collections.abc import Mapping
from typing import Any, ClassVar

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.password import parse_stored
from mailfilter.config import load
from mailfilter.servers.controller import ENDPOINTS

from . import nginx, peers
from .controller_case import CHANGE, LOOK, ControllerCase, Reply, make_controlled
from .harness import MESSAGES, Filter, LiveCase
from .processes import free_port, private_directory
from .tls_page import all_blocks, block, blocks, here, run, with_adm

PAGE = peers.CHECKOUT / "docs/controller.md"
WHO, PROXY, SOCKET = "Who is let in", "Behind a proxy", "A unix socket"
URL = "http://127.0.0.1:11334"
PATHS = "Paths"
NOT_BUILT = frozenset(("/", "/web/...", "/api/...", "/ping"))
"""Of the page's paths those that are no endpoints of one path."""
STRANGER, SECURE = "127.0.0.2", "127.0.0.3"
"""Addresses of clients of nginx: one that needs a password, and one that needs none."""
HOST = "filter.example.org"


def text_of(heading: str) -> str:
    """What is under a heading, up to the next one."""
    after = PAGE.read_text("utf-8").partition(f"\n## {heading}\n")[2]
    assert after, heading
    return re.split(r"(?m)^## ", after)[0]


class PageTests(SynchronousTestCase):
    """What needs no running filter."""

    def test_configurations(self) -> None:
        """Each is right, alone and as it stands."""
        folder = private_directory()
        for heading, kind, text in all_blocks(PAGE):
            if kind == "toml":
                path = folder / "mailfilter.toml"
                path.write_text(text)
                path.chmod(0o600)
                self.assertTrue(load(str(path)).config, heading)

    def test_passwords(self) -> None:
        """The hashes are those of the passwords that the page uses."""
        found = dict(re.findall(r'(?m)^(\w+) = "(\$[^"]+)"$', block(WHO, "toml", PAGE)))
        self.assertTrue(parse_stored(found["password"]).is_right(LOOK.encode()))
        self.assertTrue(parse_stored(found["enable_password"]).is_right(CHANGE.encode()))

    def test_own_hash(self) -> None:
        """The command makes one that is right for what was typed."""
        folder = private_directory()
        command = block("Passwords", "sh", PAGE)
        printed = run(f"echo some password | {command}", folder, with_adm(folder))
        stored = parse_stored(printed.strip())
        self.assertTrue(printed.startswith("$scrypt$"))
        self.assertTrue(stored.is_right(b"some password"))
        self.assertFalse(stored.is_right(b"another"))

    def test_paths(self) -> None:
        """All that there are, and no others."""
        rows = re.findall(r"(?m)^\| (`/.*?) \|", text_of(PATHS))
        told = {path for row in rows for path in re.findall(r"`(/[^`]*)`", row)}
        built = {path for path in ENDPOINTS if not path.startswith("/api/")}
        self.assertEqual(told - NOT_BUILT, built)


class CommandTests(ControllerCase):
    """The commands."""

    needs: ClassVar = ("curl",)

    def run_lines(self, text: str, changes: Mapping[str, str]) -> list[str]:
        """What each command prints."""
        folder = private_directory()
        (folder / "message.eml").write_bytes((MESSAGES / "ham.eml").read_bytes())
        (folder / "partners.map").write_text("192.0.2.0/24 documentation\n198.51.100.7\n")
        return [
            subprocess.run(
                ["sh", "-c", line],
                cwd=folder,
                env={**peers.environment(), "PATH": _path()},
                capture_output=True,
                text=True,
                timeout=60,
                check=True,
            ).stdout
            for line in here(text, changes).splitlines()
        ]

    def test_curl(self) -> None:
        """Figures, a scan, and changes, which are taken back."""
        own = make_controlled(workers=1)
        own.start()
        self.addCleanup(own.kill)
        changes = {URL: f"http://127.0.0.1:{own.controller}"}
        text = block("With curl", "sh", PAGE).replace("-H 'Map: 1'", f"-H 'Map: {map_of(own)}'")
        figures, verdict, *saved = map(json.loads, self.run_lines(text, changes))
        self.assertIn("scanned", figures)
        self.assertEqual(verdict["action"], "no action")
        self.assertEqual(saved, [{"success": True}] * 3)
        listed = own.adm("saved", "list").stdout
        for name in ("actions.rewrite_subject", "symbols.MISSING_TO.score", "maps.partners"):
            self.assertIn(name, listed)

    def test_unix_socket(self) -> None:
        """Without a password."""
        own = make_controlled(workers=1)
        path = f"{own.home}/controller.sock"
        text = block(SOCKET, "toml", PAGE).replace("listeners.controller", "listeners.file")
        changes = {"/run/mailfilter/controller.sock": path, ":group=adm": ""}
        own.configure(here(text, changes))
        own.start()
        self.addCleanup(own.kill)
        changes = {"/run/mailfilter/controller.sock": path}
        (printed,) = self.run_lines(block(SOCKET, "sh", PAGE), changes)
        self.assertEqual(json.loads(printed)["read_only"], False)


def map_of(asked: Filter) -> int:
    """The number of its only map."""
    client = http.client.HTTPConnection("127.0.0.1", asked.controller, timeout=60)
    client.request("GET", "/maps", headers={"Password": LOOK})
    (found,) = json.loads(client.getresponse().read())
    client.close()
    return int(found["map"])


def _path() -> str:
    curl = peers.find("curl")
    return f"{curl.parent if curl else ''}:{peers.environment()['PATH']}"


@functools.cache
def proxied_filter() -> Filter:
    """One that is configured as the page says, with addresses that we can come from."""
    made = Filter(start=False, workers=2)
    (text,) = blocks(PROXY, "toml", PAGE)
    made.configure(here(text, {"10.0.0.0/24": SECURE}))
    made.start()
    return made


class Front(nginx.Server):
    """nginx as the page says, in front of a filter."""

    def __init__(self, controller: str) -> None:
        """`controller` is the address of its listener, as nginx writes it."""
        super().__init__()
        self.port = free_port()
        (text,) = blocks(PROXY, "nginx", PAGE)
        changes = (
            ("listen 443 ssl;", f"listen 127.0.0.1:{self.port} ssl;"),
            (f"{URL}/;", f"{controller};"),
        )
        self.start([self.own(text, changes)], [self.port])


@functools.cache
def shared_front() -> Front:
    """The nginx in front of the proxied filter."""
    return Front(f"http://127.0.0.1:{proxied_filter().controller}/")


@functools.cache
def open_front() -> Front:
    """One in front of a filter without passwords that does not know it."""
    return Front(f"http://127.0.0.1:{controlled_open().controller}/")


@functools.cache
def controlled_open() -> Filter:
    """A filter that lets in all of this machine."""
    return Filter(workers=1)


class NginxCase(LiveCase):
    """Requests by way of nginx."""

    needs: ClassVar = ("nginx",)
    front: Front

    def ask(
        self,
        path: str,
        source: str = STRANGER,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Reply:
        """Ask from an address of this machine."""
        client = http.client.HTTPSConnection(
            "127.0.0.1",
            self.front.port,
            timeout=60,
            source_address=(source, 0),
            context=self.context(),
        )
        self.addCleanup(client.close)
        fields = {"Host": f"{HOST}:{self.front.port}", **(headers or {})}
        client.request("POST" if body else "GET", f"/mailfilter{path}", body, fields)
        reply = client.getresponse()
        names = {name.lower(): value for name, value in reply.getheaders()}
        return Reply(reply.status, reply.reason, names, reply.read())

    def context(self) -> Any:
        """Of TLS."""
        return self.front.client_context()


class NginxTests(NginxCase):
    """The proxy is known."""

    def make_filter(self) -> Filter:
        self.front = shared_front()
        return proxied_filter()

    def test_stranger(self) -> None:
        """A password is needed, and is enough."""
        self.assertEqual(self.ask("/stat").status, 401)
        self.assertEqual(self.ask("/stat", headers={"Password": "wrong"}).status, 401)
        self.assertEqual(self.ask("/stat", headers={"Password": LOOK}).value["read_only"], True)
        self.assertEqual(self.ask("/stat", headers={"Password": CHANGE}).value["read_only"], False)
        self.assertEqual(self.ask("/ping").body, b"pong\r\n")

    def test_secure(self) -> None:
        """Who comes from secure_ip needs none."""
        self.assertEqual(self.ask("/stat", SECURE).value["read_only"], False)

    def test_forged(self) -> None:
        """What a client writes itself is no address of his."""
        for name in ("X-Forwarded-For", "X-Real-IP", "Forwarded"):
            for value in (SECURE, f"for={SECURE}", f"{SECURE}, 127.0.0.1"):
                self.assertEqual(self.ask("/stat", headers={name: value}).status, 401, name)
        reply = self.ask("/stat", SECURE, {"X-Forwarded-For": STRANGER})
        self.assertEqual(reply.status, 200)

    def test_pages(self) -> None:
        """The interface below a path, and where it is found."""
        for path in ("/", "/web"):
            reply = self.ask(path)
            self.assertIn(reply.status, (301, 302, 303, 307, 308))
            self.assertFalse(reply.headers["location"].startswith("/"), reply.headers)
        page = self.ask("/web/")
        self.assertEqual(page.status, 200)
        self.assertIn(b"<html", page.body)

    def test_browser(self) -> None:
        """A change from our own pages goes through, one from foreign pages does not."""
        own = f"https://{HOST}:{self.front.port}"
        for origin, status in ((own, 200), ("https://evil.example", 403), ("null", 403)):
            fields = {"Origin": origin, "Content-Type": "text/plain"}
            reply = self.ask("/checkv2", SECURE, fields, (MESSAGES / "ham.eml").read_bytes())
            self.assertEqual(reply.status, status, (origin, reply.body))


class NginxOpenTests(NginxCase):
    """A proxy that nobody has named, in front of a filter without passwords."""

    def make_filter(self) -> Filter:
        self.front = open_front()
        return controlled_open()

    def test_refused(self) -> None:
        """It is on this machine, but its clients may not be."""
        for source in ("127.0.0.1", STRANGER):
            reply = self.ask("/stat", source)
            self.assertEqual((reply.status, reply.reason), (401, "Unauthorized"))


class NginxUnixTests(NginxCase):
    """The filter has a unix socket; nginx connects to that."""

    def make_filter(self) -> Filter:
        made, self.front = unix_front()
        return made

    def test_judged(self) -> None:
        """By the address that nginx names."""
        self.assertEqual(self.ask("/stat").status, 401)
        self.assertEqual(self.ask("/stat", headers={"Password": LOOK}).status, 200)
        self.assertEqual(self.ask("/stat", SECURE).value["read_only"], False)


@functools.cache
def unix_front() -> tuple[Filter, Front]:
    """A filter with a socket, and nginx in front of it."""
    made = make_controlled(workers=1, secure=SECURE)
    path = made.home / "controller.sock"
    made.configure(
        f'[listeners.file]\nprotocol = "controller"\nendpoint = "unix:{path}:mode=666"\n'
        f'[controller]\nhosts = ["{HOST}"]\n'
    )
    made.start()
    return made, Front(f"http://unix:{path}:/")
