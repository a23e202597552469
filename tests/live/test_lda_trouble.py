"""Fetched mail is delivered while the filter dies, stops and stalls, in one order after another."""

from collections import Counter
from collections.abc import Sequence

from .delivered import values
from .harness import body_of
from .lda_mailbox_case import TEMPFAIL, MailboxCase
from .lda_trouble import TIMEOUT, Troubled
from .mail_fetched import Fetchmail
from .mailboxes import Dovecot
from .threads import Threads

COUNT = 100
"""Messages in each of two mailboxes."""
USERS = ("passed", "waiting")
"""Mail of the first one goes on without the filter."""
SPAM, SLOW = "X-Test-Action: add header\n", "X-Test-Delay: 0.5\n"
_WISHES = ("", SPAM, "", SLOW, "", "", "")
_FORGED = "X-Spam: yes\nx-spam : yes\nX-Spam-Action: reject\nX-Spam-Error: none\n"
_BODIES = (
    b"A line.\n",
    b"From the start of a line\n.\n..\n>From here\n",
    b"\xe4\xf6\xfc \xff\xfe \x01\x7f\n\n\n",
    b"x" * 990 + b"\n",
    b"X-Spam: yes\n\nlast line\n",
    b"\n\n \t \nblank lines\n",
)
"""What programs on the way might change."""


def letter(number: int) -> bytes:
    """A message of many: some are spam, some claim to be, some take a while to scan."""
    head = f"From: Alice <alice@example.org>\nTo: Bob <bob@example.org>\nX-Number: {number}\n"
    head += _WISHES[number % len(_WISHES)] + _FORGED * (number % 3 == 0)
    return head.encode() + b"\n" + _BODIES[number % len(_BODIES)]


class TroubleTests(MailboxCase):
    """Mail comes all the while."""

    def setUp(self) -> None:
        """Have mailboxes of our own."""
        super().setUp()
        self.dovecot = Dovecot([*USERS, *(f"box-{user}" for user in USERS)])
        self.addCleanup(self.dovecot.stop)

    def test_all_orders(self) -> None:
        """Nothing is lost, nothing is there twice, and mail that waits comes with its verdict."""
        letters = [letter(number) for number in range(COUNT)]
        clients = [self.client(user) for user in USERS]
        for user in USERS:
            self.dovecot.put(f"box-{user}", letters)
        threads = Threads(len(USERS), lambda at: self.fetch_all(clients[at], USERS[at]))
        troubled = Troubled(
            self.filter,
            lambda: sum(client.log().count("reading message") for client in clients),
            lambda: not threads.are_running,
        )
        troubled.go()
        threads.join()
        self.assertGreaterEqual(set(troubled.met), {event.__name__ for event in troubled.events()})
        passed, waiting = (self.dovecot.mailbox(user) for user in USERS)
        self.check_all(passed, letters)
        self.check_all(waiting, letters)
        self.assertTrue(any(values(message, "X-Spam-Error") for message in passed))
        self.assertFalse(any(values(message, "X-Spam-Error") for message in waiting))
        self.assertEqual(clients[0].refused(), [])
        self.assertEqual(set(clients[1].refused()), {75})

    def client(self, user: str) -> Fetchmail:
        """Who fetches a user's mail, and does not wait long for a filter that is silent."""
        on_error = {TEMPFAIL: " --on-error pass"} if user == "passed" else {}
        return self.fetchmail(user, {"--mime": f"{TIMEOUT} --mime", **on_error})

    def fetch_all(self, client: Fetchmail, user: str) -> None:
        """Fetch until nothing is left."""
        while self.dovecot.mailbox(f"box-{user}"):
            self.assertEqual(client.poll(), 0)

    def check_all(self, found: Sequence[bytes], sent: Sequence[bytes]) -> None:
        """All are there once and as they were, with one verdict or one reason for none."""
        numbers = Counter(int(values(message, "X-Number")[0]) for message in found)
        self.assertEqual(numbers, Counter(range(len(sent))))
        for message in found:
            number = int(values(message, "X-Number")[0])
            self.assertEqual(body_of(message), body_of(sent[number]), number)
            errors, actions = values(message, "X-Spam-Error"), values(message, "X-Spam-Action")
            self.assertEqual(len(errors) + len(actions), 1, message)
            self.assertNotIn("none", errors)
            self.assertNotIn("reject", actions)
            is_spam = SPAM.encode() in message and not errors
            self.assertEqual(values(message, "X-Spam"), ["yes"] * is_spam, message)
