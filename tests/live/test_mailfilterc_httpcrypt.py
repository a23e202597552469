"""mailfilterc and Debian's rspamc encrypt by HTTPCrypt: what they send, and Debian's rspamd."""

import functools
import io
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

from mailfilter.codec.base32 import encode_base32
from mailfilter.codec.httpcrypt import Keypair, read_key_header, shared_key
from mailfilter.codec.httpcrypt_text import render_toml, render_ucl

from . import test_mailfilterc_requests as requests
from . import test_mailfilterc_rspamd as scans
from . import test_mailfilterc_rspamd_control as control
from .both_case import HAM, BothCase, live
from .delivered import values
from .mailfilterc import masked
from .processes import private_directory
from .rspamd import CHANGE, LOOK, Rspamd
from .rspamd_proxy import RspamdProxy, Way

PAIR = Keypair.new()
KEY = encode_base32(PAIR.public)
OTHER = encode_base32(Keypair.new().public)
STRANGE = "it does not know that key, or does not speak HTTPCrypt"


class SealedRecorder(requests.Recorder):
    """Notes what was sealed."""

    def answer(self, stream: BinaryIO) -> bytes:
        """See `Recorder`."""
        outside = requests.read_request(stream)
        assert outside.line == "POST /post", outside
        assert outside.headers.keys() == {"content-type", "key"}, outside
        assert outside.headers["content-type"] == ["application/octet-stream"], outside
        short, client = read_key_header(outside.headers["key"][0].encode())
        assert short == PAIR.short_id, outside
        shared = shared_key(PAIR, client)
        self.requests.append(requests.read_request(io.BytesIO(shared.unseal(outside.body))))
        blob = shared.seal(requests.ANSWER)
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(blob), blob)


class RequestTests(requests.RequestTests):
    """What is sealed is the same, option by option."""

    options: ClassVar = ("--key", KEY)
    recorder: ClassVar = SealedRecorder


@functools.cache
def keyed_rspamd() -> Rspamd:
    """One that has the keypair, and takes plain requests, too."""
    return Rspamd(render_ucl(PAIR))


@functools.cache
def keyed_proxy() -> RspamdProxy:
    """A proxy in front of its normal worker: sealed before it, or before and behind it."""
    keypair, behind = render_ucl(PAIR), keyed_rspamd().scan
    return RspamdProxy(plain=Way(behind, keypair=keypair), both=Way(behind, KEY, keypair=keypair))


class SealedCase(BothCase):
    """With its key."""

    options: ClassVar = ("--key", KEY)

    def server(self) -> Rspamd:
        """See `RspamdCase`."""
        return keyed_rspamd()


class ScanTests(SealedCase, scans.ScanTests):
    """Scans by the normal worker."""


class MimeTests(SealedCase, scans.MimeTests):
    """Deliveries."""


class LearnTests(SealedCase, control.LearnTests):
    """The controller learns."""


class FuzzyTests(SealedCase, control.FuzzyTests):
    """It has a storage changed."""


class FiguresTests(SealedCase, control.FiguresTests):
    """It tells figures."""


class KeyTests(SealedCase):
    """Keys of both sides."""

    def test_sealed(self) -> None:
        """That rspamd has opened something."""
        self.ours(message=HAM)
        self.assertIn("writing encrypted reply", self.rspamd.log())

    def test_scan_at_controller(self) -> None:
        """Where `rspamc` scans unless told otherwise."""
        words = ("-P", LOOK)
        self.check_same(*words, message=live(Score="7"), server=self.controller)

    def test_proxy(self) -> None:
        """Through a proxy, sealed on one side and on both."""
        for port in keyed_proxy().ports.values():
            server = f"127.0.0.1:{port}"
            for message in (HAM, live(Score="12.25", Latin="1"), live(Score="20")):
                self.check_same(message=message, server=server)
            self.check_same("--json", message=HAM, server=server)
            marked = self.ours("--mime", message=live(Score="20"), server=server).out
            self.assertEqual(values(marked, "X-Spam"), ["yes"])

    def test_large(self) -> None:
        """Megabytes."""
        message = HAM + b"0123456789 and so on it goes\r\n" * 200_000
        for server in (self.scan, f"127.0.0.1:{keyed_proxy().ports['both']}"):
            self.check_same(message=message, server=server)

    def test_forms_of_ours(self) -> None:
        """What Debian's rspamc has no options for: msgpack, and that with packed mail."""
        for arguments in (("--msgpack",), ("--msgpack", "-z")):
            ours = self.ours("--json", *arguments, message=HAM).out
            self.assertEqual(masked(ours), masked(self.ours("--json", message=HAM).out))

    def test_keypair(self) -> None:
        """One of ours that stays, of all forms: it says nothing to Rspamd, which takes any."""
        folder = Path(private_directory())
        for name, text in (("a", render_toml(Keypair.new())), ("b", render_ucl(Keypair.new()))):
            path = folder / name
            path.touch(mode=0o600)
            path.write_text(text)
            for _ in range(2):
                self.assertIn("LIVE_ANY", self.ours("--keypair", str(path), message=HAM).text)

    def test_many(self) -> None:
        """Side by side."""
        folder = Path(self.mktemp()).absolute()
        folder.mkdir()
        for number in range(40):
            (folder / f"{number}.eml").write_bytes(live(Score=str(number)))
        text = self.ours("-n", "8", str(folder)).text
        self.assertEqual(text.count("Results for file: "), 40)
        self.assertEqual(text.count("\nSymbol: LIVE_SCORE"), 40)


class WrongKeyTests(SealedCase):
    """A key that is another one's."""

    options: ClassVar = ("--key", OTHER)

    def servers(self) -> dict[str, str]:
        """Where it is not known, and how that is said."""
        proxies = [f"127.0.0.1:{port}" for port in keyed_proxy().ports.values()]
        closed = dict.fromkeys((self.scan, *proxies), f"without an answer; perhaps {STRANGE}")
        in_clear = f"in clear (500 Internal Server Error): {STRANGE}"
        return {**closed, self.controller: in_clear}

    def test_failed(self) -> None:
        """Both programs fail."""
        for server, said in self.servers().items():
            self.assertIn(said, self.ours(message=HAM, code=1, server=server).text)
            self.theirs(message=HAM, code=1, server=server)
        for command in ("stat", "uptime", "learn_spam"):
            words: Any = ("-P", CHANGE, command)
            text = self.ours(*words, message=HAM, code=1, server=self.controller).text
            self.assertIn(STRANGE, text)

    def test_delivered(self) -> None:
        """Without a verdict, or tried again."""
        for server, said in self.servers().items():
            marked = self.ours("--mime", message=HAM, server=server).out
            self.assertIn(said, values(marked, "X-Spam-Error")[0])
            tried = ("--mime", "--on-error", "tempfail")
            ran = self.ours(*tried, message=HAM, code=75, server=server)
            self.assertEqual(ran.out, b"")
            self.assertIn("not delivered", ran.told)

    def test_password(self) -> None:
        """It opens nothing, and goes to nobody in clear."""
        self.assertNotIn("scanned", self.ours("-P", LOOK, "stat", code=1, server=self.scan).text)
