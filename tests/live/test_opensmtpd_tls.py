"""filter-rspamd asks over HTTPS. Its authority is one of the system: here by Go's SSL_CERT_FILE."""

import functools
from typing import ClassVar

from .filter_rspamd import CONNECT, ask_filter, message
from .harness import LiveCase, message_file
from .opensmtpd import FILTER
from .processes import private_directory, wait_until
from .scan_mta import HAM
from .tls_page import AUTHORITY, OURS, SERVER, PageFilter, block, blocks, here, run

GTUBE = message_file("gtube-reject.eml")


@functools.cache
def open_filter() -> PageFilter:
    """The page's first listener, which takes everybody; its certificate is for `localhost`."""
    made = private_directory()
    run(here(blocks(AUTHORITY, "sh")[0], {f"DNS:{SERVER}": "DNS:localhost"}), made)
    return PageFilter(block(OURS, "toml"), made)


class OpenSmtpdTlsTests(LiveCase):
    """The verdicts, and what it does if it does not trust the filter."""

    needs: ClassVar[tuple[str, ...]] = (str(FILTER), "openssl")
    filter: PageFilter

    def make_filter(self) -> PageFilter:
        """See `LiveCase`."""
        return open_filter()

    def ask(self, host: str, text: bytes, authority: str) -> str:
        """The last answer about a message."""
        url = f"https://{host}:{self.filter.tls['11443']}"
        environment = {"SSL_CERT_FILE": str(self.filter.authority / authority)}
        events = [*CONNECT, *message("bob@sink.test", text)]
        return ask_filter(url, events, environment)[-1]

    def test_verdicts(self) -> None:
        """Ham and spam."""
        for text, answer in ((HAM, "proceed"), (GTUBE, "reject|550 Gtube pattern")):
            self.assertEqual(self.ask("localhost", text, "ca.pem"), f"filter-result|s1|t2|{answer}")
        self.assertEqual([r["identity"] for r in self.filter.records(self.mark)], [None, None])

    def test_untrusted(self) -> None:
        """Another name, and an authority that it does not know: the client tries again."""
        for host, authority in (("127.0.0.1", "ca.pem"), ("localhost", "mx1.pem")):
            answer = self.ask(host, HAM, authority)
            self.assertEqual(answer, "filter-result|s1|t2|reject|421 server internal error")
        self.assertEqual(self.filter.records(self.mark), [])
        said = "it does not take our certificate"
        wait_until(lambda: said in self.filter.log(self.mark), said)
