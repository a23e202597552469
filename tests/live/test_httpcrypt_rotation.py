"""Keypairs of the filter change while real clients go on asking."""

from mailfilter.codec.httpcrypt import Keypair
from mailfilter.codec.httpcrypt_text import render_json, render_toml

from .harness import message_file
from .httpcrypt import KeyCase, KeyFilter, text_of
from .mailfilterc import ask_rspamc
from .processes import wait_until
from .threads import Threads

HAM = message_file("ham.eml")


class RotationTests(KeyCase):
    """Each with a filter of its own."""

    def make_filter(self) -> KeyFilter:
        """See `LiveCase`."""
        own = KeyFilter()
        self.addCleanup(own.stop)
        return own

    def ask(self, pair: Keypair) -> bool:
        """Whether a client with that public key is answered."""
        server = f"127.0.0.1:{self.filter.ports['http']}"
        return ask_rspamc(server, "--key", text_of(pair), message=HAM).code == 0

    def reload(self, *names: str) -> None:
        """Go on with these keypairs."""
        self.filter.use(*names)
        done = self.filter.adm("reload")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_another(self) -> None:
        """While both are in use no client loses a request; then the old key is of no use."""
        new = Keypair.new()
        self.filter.write("new", render_json(new))
        wrong: list[Keypair] = []
        is_over: list[bool] = []

        def client(number: int) -> None:
            pair = (self.filter.front, self.filter.spare)[number % 2]
            while not is_over:
                if not self.ask(pair):
                    wrong.append(pair)

        clients = Threads(2, client)
        try:
            self.reload("front", "spare", "new")
            wait_until(lambda: self.ask(new), "the new key to be known", 30)
            mark = self.filter.log_size()
            # Some more of each.
            wait_until(lambda: len(self.filter.records(mark)) >= 6, "requests to go on", 60)
        finally:
            is_over.append(True)
            clients.join()
        self.assertEqual(wrong, [])
        self.reload("new")
        wait_until(lambda: not self.ask(self.filter.front), "the old key to be gone", 30)
        self.assertTrue(self.ask(new))

    def test_file(self) -> None:
        """A file with another keypair is taken without a reload; one that is none is not."""
        new = Keypair.new()
        self.filter.write("front", render_toml(new))
        # Nobody else is answered: whoever has scanned knows it.
        wait_until(lambda: self.ask(new) and self.all_have_scanned(), "all to take the new one", 60)
        self.assertFalse(self.ask(self.filter.front))
        self.filter.write("front", 'public = "x"\n')
        wait_until(lambda: "alarm" in self.filter.log(self.mark), "an alarm", 60)
        self.assertTrue(self.ask(new))

    def all_have_scanned(self) -> bool:
        """Whether each worker has."""
        scans = [worker["total"] for worker in self.filter.status()["workers"]]
        self.assertEqual(len(scans), 2)
        return all(scans)
