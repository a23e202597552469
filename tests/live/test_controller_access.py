"""Passwords at the controller of a filter with two workers: derived elsewhere, counted together."""

from pathlib import Path

from mailfilter.codec.password import make_hash

from .controller_case import Reply, ask
from .harness import Filter, LiveCase, message_file
from .processes import wait_until

CATENA = "$2$5h7ezq5ef79wsndzzokwx4odse81in9q$emdzfq7h6oq3pzmy1k75nfho17ncb9g3oi9ocd1jutd4hzge8fry"
LOOK, CHANGE = {"Password": "secretpw"}, {"Password": "change-it"}
WRONG = {"Password": "wrong"}
PROXY = {"X-Forwarded-For": "127.0.0.1"}
MOST = 4


class AccessTests(LiveCase):
    """Passwords as Rspamd and we hash them."""

    def make_filter(self) -> Filter:
        """See `LiveCase`."""
        made = Filter(start=False, workers=2)
        made.configure(
            f'[controller]\npassword = "{CATENA}"\nenable_password = "{make_hash(b"change-it")}"\n'
            f'max_auth_failures = {MOST}\nauth_failure_window = "1h"\n'
            'trusted_proxies = ["127.0.0.1"]\n'
        )
        made.start()
        self.addCleanup(made.stop)
        return made

    def ask(self, *headers: dict[str, str], path: str = "/auth") -> Reply:
        """Ask whichever worker takes the connection."""
        together = {name: value for each in headers for name, value in each.items()}
        return ask(self.filter.controller, path, headers=together)

    def test_passwords(self) -> None:
        """Both are right, in all workers; scans go on meanwhile."""
        for _ in range(10):
            self.assertEqual(self.ask(LOOK).value["read_only"], True)
            self.assertEqual(self.ask(CHANGE).value["read_only"], False)
            self.assertEqual(self.ask().status, 401)
            scanned = ask(self.filter.http, "/checkv2", message_file("ham.eml"))
            self.assertEqual(scanned.status, 200)
        wait_until(lambda: not derivations(self.filter), "no process to be left", 30)

    def test_counted_together(self) -> None:
        """Wherever somebody guesses, all workers know; others do not wait for it."""
        statuses = [self.ask(WRONG).status for _ in range(2 * MOST)]
        self.assertEqual(statuses[:MOST], [401] * MOST)

        def is_told() -> bool:
            return {self.ask(LOOK).status for _ in range(20)} == {429}

        wait_until(is_told, "all workers to know", 30)
        reply = self.ask(LOOK)
        self.assertEqual(reply.value, {"error": "Too many authentication failures"})
        self.assertGreater(int(reply.headers["retry-after"]), 3000)
        other = {"X-Forwarded-For": "192.0.2.1"}
        self.assertEqual(self.ask(LOOK, other).status, 200)

    def test_open_by_no_proxy(self) -> None:
        """By a proxy that is believed, too, this machine is no more than anybody."""
        self.assertEqual(self.ask(PROXY).status, 401)
        self.assertEqual(self.ask(PROXY, CHANGE).value["read_only"], False)


def derivations(asked: Filter) -> list[int]:
    """The processes of its workers that derive a key."""
    found = []
    for pid in asked.workers():
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            found.append(int(child))
    return found
