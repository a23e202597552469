"""Those who ask by lines, and rspamc, through stunnel: half a connection is closed on the way."""

import functools
import json
import subprocess
from collections.abc import Callable
from typing import ClassVar

from tests.authority import Authority

from . import peers
from .delivered import values
from .exim import Exim
from .exim_case import EximCase, documented
from .harness import shared_sink, wish
from .processes import free_port, private_directory
from .spamc_case import GTUBE, HAM, Ran, SpamcCase
from .stunnel import Stunnel
from .tls_page import LINES, MtaFiles, PageFilter, https_filter, milter_filter, stunnel_text


class StunnelSpamcTests(SpamcCase):
    """spamc."""

    needs: ClassVar[tuple[str, ...]] = ("spamc", "stunnel")

    def make_filter(self) -> PageFilter:
        """See `LiveCase`."""
        return milter_filter()

    def ask(self, *options: str, message: bytes = HAM) -> Ran:
        """Run spamc; what cannot be scanned is a failure."""
        where = ("-d", "127.0.0.1", "-p", str(lines_port()))
        return self.spamc("-x", *options, message=message, where=where)

    def test_check(self) -> None:
        """Ham and spam."""
        self.assertEqual(self.ask("-c").code, 0)
        self.assertEqual(self.ask("-c", message=GTUBE).code, 1)
        for record in self.filter.records(self.mark):
            self.assertEqual(record["identity"], "mx1")

    def test_process(self) -> None:
        """The message comes back, marked where it is spam."""
        self.assertEqual(self.ask(), Ran(0, HAM))
        marked = self.ask(message=wish({"Action": "add header"}))
        self.assertEqual((marked.code, values(marked.output, "X-Spam")), (0, ["Yes"]))

    def test_large(self) -> None:
        """A message of 10 MB comes back, too."""
        large = HAM + b"0123456789 abcdefghijklmnopqrstuvwxyz, and on it goes.\r\n" * 187_000
        self.assertEqual(self.ask("-s", "20000000", message=large), Ran(0, large))

    def test_slow(self) -> None:
        """The reply comes also if it takes a while after the end of the request."""
        self.assertEqual(self.ask("-c", message=wish({"Delay": "2"})).code, 0)


class SpamcTlsTests(SpamcCase):
    """spamc without stunnel: by its own TLS, as docs/mta/spamc.md says."""

    def make_filter(self) -> PageFilter:
        """See `LiveCase`."""
        return milter_filter()

    def ask(self, *options: str) -> int:
        """Its exit status; the filter is asked by an address that is not in its certificate."""
        asked = milter_filter()
        where = ("-S", "-d", "127.0.0.1", "-p", str(asked.tls["11883"]))
        own = (f"--ssl-cert={asked.authority}/mx1.pem", f"--ssl-key={asked.authority}/mx1.key")
        return self.spamc("-x", "-c", *options, *own, message=GTUBE, where=where).code

    def test_name(self) -> None:
        """Who has signed the certificate is looked at if it is named, and the name never."""
        self.assertEqual(self.ask(f"--ssl-ca-file={milter_filter().authority}/ca.pem"), 1)
        self.assertEqual(self.ask(), 1)
        other = Authority(private_directory(), "Other").file
        self.assertNotIn(self.ask(f"--ssl-ca-file={other}"), (0, 1))


class StunnelEximTests(EximCase):
    """Exim, as it asks SpamAssassin."""

    needs: ClassVar[tuple[str, ...]] = ("exim4", "stunnel")
    variant = "spamd"

    def make_filter(self) -> PageFilter:
        """See `LiveCase`."""
        return milter_filter()

    def make_exim(self) -> Exim:
        """See `EximCase`."""
        return stunnel_exim(self.variant)

    def test_mail(self) -> None:
        """Ham comes in, spam does not."""
        self.assertEqual(self.send(HAM).code, 250)
        self.assertEqual(self.send(GTUBE).code, 550)
        self.check_arrived(1)
        self.assertEqual([r["identity"] for r in self.filter.records(self.mark)], ["mx1"] * 2)


class StunnelEximRspamdTests(StunnelEximTests):
    """Exim, as it asks Rspamd: it tells who its client is, and is believed."""

    variant = "rspamd"

    def test_told(self) -> None:
        """Address of the client, sender and recipient."""
        self.assertEqual(self.send(HAM).code, 250)
        record = self.filter.wait_record(self.mark, recipients=[self.box])
        self.assertEqual((record["ip"], record["identity"]), ("127.0.0.1", "mx1"))


class StunnelRspamcTests(SpamcCase):
    """rspamc, to the listener for HTTPS."""

    needs: ClassVar[tuple[str, ...]] = ("rspamc", "stunnel")

    def make_filter(self) -> PageFilter:
        """See `LiveCase`."""
        return https_filter()

    def test_scan(self) -> None:
        """Its verdict."""
        done = subprocess.run(
            [str(peers.find("rspamc")), "-h", f"127.0.0.1:{https_port()}", "--json"],
            env=peers.environment(),
            input=GTUBE,
            capture_output=True,
            timeout=60,
            check=True,
        )
        self.assertEqual(json.loads(done.stdout)["action"], "reject")
        (record,) = self.filter.records(self.mark)
        self.assertEqual(record["identity"], "mx1")


def _port(make_filter: Callable[[], PageFilter], changes: dict[str, str]) -> int:
    """A stunnel's, with the documented section for lines, to one of the listeners."""
    asked, port = make_filter(), free_port()
    files = MtaFiles(asked.authority)
    text = stunnel_text(LINES, asked, files.folder, port, changes)
    _running.append(Stunnel(text, [port]))
    return port


_running: list[Stunnel] = []


@functools.cache
def lines_port() -> int:
    """Where lines are taken."""
    return _port(milter_filter, {})


@functools.cache
def https_port() -> int:
    """Where HTTP is taken."""
    return _port(https_filter, {":11883": ":11443"})


@functools.cache
def stunnel_exim(variant: str) -> Exim:
    """An Exim as documented, with the port of stunnel."""
    return Exim(documented(f"127.0.0.1 {lines_port()}", variant), shared_sink().port)
