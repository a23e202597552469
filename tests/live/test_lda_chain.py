"""Mail from a POP3 server by fetchmail and mailfilterc to Dovecot, with the filter killed."""

from collections.abc import Sequence

from .delivered import values
from .harness import MESSAGES, body_of
from .lda_mailbox_case import TEMPFAIL, MailboxCase
from .processes import wait_until

COUNT = 100
"""Messages in each of two mailboxes."""
SLOW_ONE = 25
"""The number of a message during whose scan the filter is killed."""
FAILURES = 5
"""So many messages, at least, find no filter."""
SECONDS = 180.0

_KINDS = ("ham.eml", "ham-html.eml", "eight-bit.eml", "dots.eml", "long-lines.eml", "latin-1.eml")
_SPAM = "gtube-reject.eml"


def numbered(number: int) -> bytes:
    """A message of many, line ends of Unix; some claim to be spam, and each tenth is."""
    name = _SPAM if number % 10 == 9 else _KINDS[number % len(_KINDS)]
    text = f"Return-Path: <alice@example.org>\nX-Number: {number}\n"
    if number % 3 == 0:
        text += "X-Spam: yes\n"
    if number == SLOW_ONE:
        text += "X-Test-Delay: 2.9\n"
    return text.encode() + (MESSAGES / name).read_bytes()


def number_of(message: bytes) -> int:
    """Its number."""
    (text,) = values(message, "X-Number")
    return int(text)


class ChainTests(MailboxCase):
    """The filter is killed on the way, and comes back."""

    def test_filter_killed(self) -> None:
        """Of many messages none is lost, none is there twice, and each has its octets.

        Jane's go on without a verdict when there is no filter, Joe's wait.
        """
        messages = [numbered(number) for number in range(COUNT)]
        jane = self.fetchmail("jane", {TEMPFAIL: " --on-error pass"})
        joe = self.fetchmail("joe")
        for user in ("jane", "joe"):
            self.dovecot.put(f"box-{user}", messages)
        children = [jane.start(), joe.start()]
        wait_until(lambda: "force: waiting" in self.filter.log(self.mark), "a scan", SECONDS)
        self.filter.kill()
        wait_until(lambda: len(self.unscanned("jane")) >= FAILURES, "mail passed on", SECONDS)
        wait_until(lambda: len(joe.refused()) >= FAILURES, "mail deferred", SECONDS)
        self.filter.start()
        self.assertEqual([child.wait(SECONDS) for child in children], [0, 0])

        self.check_all("jane", messages)
        self.assertEqual(jane.refused(), [])
        self.assertEqual(self.left("jane"), [])

        deferred = self.left("joe")
        self.assertEqual(joe.refused(), [75] * len(deferred))
        self.assertEqual(len(deferred) + len(self.both("joe")), COUNT)
        wait_until(lambda: not joe.poll() and not self.left("joe"), "an empty box", SECONDS)
        self.check_all("joe", messages)
        self.assertEqual(self.unscanned("joe"), [])

    def left(self, user: str) -> list[bytes]:
        """Messages at the server."""
        return self.dovecot.mailbox(f"box-{user}")

    def unscanned(self, user: str) -> list[bytes]:
        """Messages of a user that came without a verdict."""
        return [text for text in self.dovecot.mailbox(user) if values(text, "X-Spam-Error")]

    def check_all(self, user: str, messages: Sequence[bytes]) -> None:
        """All messages are there once; those with a verdict are filed by it, and not by another."""
        delivered = self.both(user)
        self.assertEqual(sorted(map(number_of, delivered)), list(range(len(messages))))
        junk = list(map(number_of, self.dovecot.mailbox(user, "Junk")))
        for message in delivered:
            number = number_of(message)
            self.assertEqual(body_of(message), body_of(messages[number]), number)
            is_scanned = not values(message, "X-Spam-Error")
            is_spam = number % 10 == 9 and is_scanned
            self.assertEqual(values(message, "X-Spam"), ["yes"] * is_spam, number)
            self.assertEqual(number in junk, is_spam, number)
