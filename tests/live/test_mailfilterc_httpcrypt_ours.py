"""mailfilterc asks the filter by HTTPCrypt: over TCP, TLS and unix sockets, known and unknown."""

import functools
import json
from pathlib import Path
from typing import Any

from mailfilter.codec.base32 import encode_base32
from mailfilter.codec.httpcrypt import Keypair
from mailfilter.codec.httpcrypt_text import render_json, render_toml, render_ucl

from .client_case import GTUBE, HAM
from .controller_case import CHANGE, LOOK, make_controlled
from .delivered import values
from .harness import Filter, LiveCase, body_of, wish
from .mailfilterc import Ran, mailfilterc
from .processes import free_port, private_directory, wait_until
from .shapes import DATED
from .test_mailfilterc_tls import papers
from .told import told

OTHER = encode_base32(Keypair.new().public)
STRANGE = "it does not know that key, or does not speak HTTPCrypt"
LARGE = DATED + b"\r\n" + b"0123456789 abcdefghijklmnopqrstuvwxyz, and on it goes.\r\n" * 100_000
"""5 MB."""

_LISTENER = """\
[listeners.key-{name}]
protocol = "{protocol}"
endpoint = "{endpoint}"
keypairs = ["own"]
{more}
"""


class Keyed:
    """A filter with passwords, and listeners that have a keypair; `servers` by name.

    `known` takes those with a keypair alone, `encrypted` nothing in clear.
    """

    def __init__(self) -> None:
        own = papers().own
        self.folder = private_directory()
        self.pair, self.client = Keypair.new(), Keypair.new()
        self.key = encode_base32(self.pair.public)
        self.filter: Filter = make_controlled()
        client = encode_base32(self.client.public)
        self.filter.configure(f"""\
[keypairs.own]
file = "{self.write("own", render_toml(self.pair))}"
[certificates.own]
chain = "{own[0]}"
key = "{own[1]}"
[identities.partner]
httpcrypt_keys = ["{client}"]
trusted = true
""")
        self.servers: dict[str, str] = {}
        self._listen("http", "http")
        self._listen("scan", "scan")
        self._listen("team", "controller")
        self._listen("tls", "http", 'certificates = ["own"]')
        self._listen("encrypted", "http", 'encrypted_only = "all"')
        self._listen("known", "http", 'encrypted_only = "all"\nclient_keys = "required"')
        path = str(self.folder / "scan.sock")
        self._add("unix", path, "http", f"unix:{path}", "")
        self.filter.start()

    def write(self, name: str, text: str) -> str:
        """A file for its owner alone."""
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(text)
        return str(path)

    def _listen(self, name: str, protocol: str, more: str = "") -> None:
        port = free_port()
        server = f"https://localhost:{port}" if name == "tls" else f"127.0.0.1:{port}"
        self._add(name, server, protocol, f"tcp:{port}:interface=127.0.0.1", more)

    def _add(self, name: str, server: str, protocol: str, endpoint: str, more: str) -> None:
        self.servers[name] = server
        self.filter.configure(
            _LISTENER.format(name=name, protocol=protocol, endpoint=endpoint, more=more)
        )


@functools.cache
def keyed() -> Keyed:
    """The one that all tests ask."""
    return Keyed()


class KeyedCase(LiveCase):
    """Asks it."""

    def make_filter(self) -> Filter:
        """See `LiveCase`."""
        return keyed().filter

    def ask(
        self,
        name: str,
        *arguments: str,
        message: bytes = HAM,
        code: int = 0,
        key: str | None = None,
    ) -> Ran:
        """With its key, unless another one or none is given."""
        trust = ("--ca", str(papers().root.file)) if name == "tls" else ()
        key = keyed().key if key is None else key
        words = ("--key", key) if key else ()
        where = ("-h", keyed().servers[name], "-t", "60")
        ran = mailfilterc(*where, *trust, *words, *arguments, message=message)
        self.assertEqual(ran.code, code, ran)
        return ran

    def opened(self) -> int:
        """How many requests were opened."""
        return int(self.filter.status()["counters"].get("httpcrypt/opened", 0))

    def wait_opened(self, before: int) -> None:
        """Until there is one more: workers tell theirs after a while."""
        wait_until(lambda: self.opened() > before, "a request to be counted", 30)


class RightTests(KeyedCase):
    """With its key."""

    def test_servers(self) -> None:
        """Everywhere, and not in clear."""
        for name in ("http", "scan", "team", "tls", "unix", "encrypted"):
            before = self.opened()
            ran = self.ask(name, "-P", LOOK, message=GTUBE)
            self.assertIn("\nAction: reject\n", ran.text, name)
            self.wait_opened(before)

    def test_same(self) -> None:
        """As without a key, in all forms."""
        for arguments in ((), ("-z",), ("--msgpack",), ("--protocol-v3",), ("-z", "--protocol-v3")):
            sealed, plain = (
                json.loads(self.ask("http", "--json", *arguments, key=key).out)
                for key in (None, "")
            )
            self.assertEqual(sealed["symbols"].keys(), plain["symbols"].keys())
            self.assertEqual(sealed.keys(), plain.keys())

    def test_envelope(self) -> None:
        """What is told goes along; the message as it was."""
        box = "tell-sealed-client@sink.test"
        for message in (HAM, HAM.replace(b"\r\n", b"\n"), DATED + b"\r\na\0b\xff\r\n", LARGE):
            self.ask("http", "-r", box, message=message)
            self.assertEqual(told(self.filter, box).raw, message)

    def test_rewritten(self) -> None:
        """A message that comes back."""
        message = wish({"Subject": "spam"})
        for arguments in (("--mime",), ("--mime", "--protocol-v3"), ("--mime", "-z")):
            sealed, plain = (
                self.ask("http", *arguments, message=message, key=key).out for key in (None, "")
            )
            self.assertEqual(body_of(sealed), body_of(plain))
            self.assertEqual(values(sealed, "X-Spam-Action"), values(plain, "X-Spam-Action"))

    def test_controller(self) -> None:
        """Its commands, with passwords inside."""
        for command in ("stat", "counters", "uptime"):
            self.ask("team", "-P", LOOK, command)
            self.assertIn("401", self.ask("team", "-P", "wrong", command, code=1).text)
        self.assertIn("401", self.ask("team", "-P", LOOK, "stat_reset", code=1).text)
        self.ask("team", "-P", CHANGE, "stat_reset")

    def test_traces(self) -> None:
        """Of a scan, at once and later."""
        found: dict[str, Any] = json.loads(
            self.ask("team", "-P", LOOK, "--trace", "--compact", message=GTUBE).out
        )
        self.assertEqual(found["row"]["action"], "reject")
        where = ("-h", keyed().servers["team"], "--key", keyed().key, "-P", LOOK, "-t", "60")
        words = (*where, "explain", found["trace_id"])
        wait_until(lambda: mailfilterc(*words).code == 0, "the history to have it", 60)
        self.assertIn("GTUBE", mailfilterc(*words).text)

    def test_many(self) -> None:
        """Side by side, each with a key of its own or all with one."""
        folder = Path(self.mktemp()).absolute()
        folder.mkdir()
        for number in range(40):
            (folder / f"{number}.eml").write_bytes(HAM)
        pair = keyed().write("many", render_json(Keypair.new()))
        for words in ((), ("--keypair", pair)):
            text = self.ask("http", *words, "-n", "8", str(folder)).text
            self.assertEqual(text.count("\nAction: no action\n"), 40)


class KnownTests(KeyedCase):
    """Who has a keypair that is known."""

    def test_forms(self) -> None:
        """In all forms of files."""
        for render in (render_toml, render_ucl, render_json):
            path = keyed().write(f"client-{render.__name__}", render(keyed().client))
            text = self.ask("known", "--keypair", path, message=GTUBE).text
            self.assertIn("\nAction: reject\n", text)

    def test_strangers(self) -> None:
        """Another keypair, none, and no encryption."""
        stranger = keyed().write("stranger", render_toml(Keypair.new()))
        for words in ((), ("--keypair", stranger)):
            text = self.ask("known", *words, code=1).text
            self.assertIn("HTTP error: 403, ", text)
        for name in ("known", "encrypted"):
            text = self.ask(name, key="", code=1).text
            self.assertIn("HTTP error: 403, ", text)
        marked = self.ask("known", "--mime").out
        self.assertIn("HTTP error: 403, ", values(marked, "X-Spam-Error")[0])


class WrongTests(KeyedCase):
    """With another key."""

    def test_failed(self) -> None:
        """A failure that is told; nothing is scanned."""
        for name in ("http", "scan", "team", "tls", "unix", "encrypted", "known"):
            text = self.ask(name, "-P", LOOK, code=1, key=OTHER).text
            self.assertIn(f"its answer is in clear (400 Bad Request): {STRANGE}", text)
        self.assertEqual(self.filter.records(self.mark), [])

    def test_delivered(self) -> None:
        """Without a verdict, or tried again."""
        for name in ("http", "tls", "unix"):
            marked = self.ask(name, "--mime", key=OTHER).out
            self.assertIn(STRANGE, values(marked, "X-Spam-Error")[0])
            self.assertEqual(body_of(marked), body_of(HAM))
            tried = ("--mime", "--on-error", "tempfail")
            ran = self.ask(name, *tried, code=75, key=OTHER)
            self.assertEqual(ran.out, b"")
            self.assertIn("not delivered", ran.told)

    def test_large(self) -> None:
        """Of much, too."""
        self.assertIn(STRANGE, self.ask("http", message=LARGE, code=1, key=OTHER).text)

    def test_no_keypair(self) -> None:
        """A listener without one takes no sealed request for a plain one."""
        server = f"127.0.0.1:{self.filter.http}"
        ran = mailfilterc("-h", server, "--key", OTHER, "-t", "60", message=HAM)
        self.assertEqual(ran.code, 1, ran)
        self.assertIn("its answer is in clear (404", ran.text)
