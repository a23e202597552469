"""Base of the tests in which mail goes through mailfilterc to procmail or maildrop."""

import functools
import os
import re
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from . import lda_agents, peers
from .courses import number_of, numbered
from .delivered import values
from .harness import Filter, LiveCase, Reply, body_of, message_file, wish
from .processes import private_directory, wait_until
from .threads import Threads
from .tls_page import blocks, here

PAGE = peers.CHECKOUT / "docs/mta/lda.md"
SERVER = "127.0.0.1:11333"
CLIENT = "/usr/bin/mailfilterc"
"""The filter and the client on the page."""
TEMPFAIL = {"--mime": "--mime --on-error tempfail"}
"""So that mail waits for the filter."""

EACH = 5
"""Every message with a number that can be divided by it is spam."""
SECONDS = 120.0
"""Until mail must have arrived: the machine may be busy with other tests."""
AWAY = 5
"""So many messages, at least, find no filter."""

_BODIES = ("ham.eml", "eight-bit.eml", "dots.eml", "long-lines.eml")


@functools.cache
def lda_filter() -> Filter:
    """One that may be killed."""
    return Filter(start=False, workers=1)


class Box:
    """The mail folders of a user, in a folder of their own."""

    def __init__(self, user: str = lda_agents.USER) -> None:
        self.user = user
        self.home = private_directory()
        shutil.chown(self.home, user, user)

    def write(self, name: str, text: str) -> None:
        """Write a file of the user's, which nobody else may read."""
        path = self.home / name
        path.write_text(text)
        path.chmod(0o600)
        shutil.chown(path, self.user, self.user)

    def inbox(self) -> list[bytes]:
        """Messages that are no spam."""
        return self._messages("Maildir/new")

    def spam(self) -> list[bytes]:
        """Messages filed as spam."""
        return self._messages("Maildir/.Junk/new")

    def all(self) -> list[bytes]:
        """Messages of both."""
        return [*self.inbox(), *self.spam()]

    def count(self) -> int:
        """How many there are."""
        folders = (self.home / "Maildir/new", self.home / "Maildir/.Junk/new")
        return sum(len(os.listdir(folder)) for folder in folders if folder.exists())

    def unscanned(self) -> int:
        """How many came without a verdict."""
        return sum(bool(values(message, "X-Spam-Error")) for message in self.all())

    def clear(self) -> None:
        """Have no messages any more."""
        for folder in ("Maildir/new", "Maildir/.Junk/new"):
            for path in (self.home / folder).glob("*"):
                path.unlink()

    def _messages(self, name: str) -> list[bytes]:
        folder = self.home / name
        return [path.read_bytes() for path in sorted(folder.glob("*"))]


class LdaCase(LiveCase):
    """Base: a filter that may be killed, `mailfilterc`, and a program that delivers."""

    needs: ClassVar[Sequence[str]] = ("procmail", "maildrop")
    needs_root = True

    def setUp(self) -> None:
        """Start the filter again if a test has left it dead."""
        super().setUp()
        self.filter.ensure_running()
        self.box = Box()

    def make_filter(self) -> Filter:
        """See `LiveCase`."""
        own = lda_filter()
        own.ensure_running()
        return own

    def page(
        self, heading: str, language: str, number: int = 0, changes: Mapping[str, str] = {}
    ) -> str:
        """A block of the page, with this machine's paths and ports after the changes."""
        return page(heading, language, self.box, number, changes)

    def check_filed(self, submit: Callable[[bytes], Reply | int]) -> None:
        """What the filter says decides, whatever the sender says."""
        forged = b"X-Spam: yes\r\nx-spam: YES\r\nX-Spam : yes\r\nX-Spam:yes\r\n"
        kinds = (
            (forged + wish({}), "no action"),
            (forged + wish({"Action": "soft reject"}), "soft reject"),
            (wish({"Action": "greylist"}), "greylist"),
            (wish({"Action": "add header"}), "add header"),
            (wish({"Action": "rewrite subject"}), "rewrite subject"),
            (b"X-Spam: no\r\n" + message_file("gtube-reject.eml"), "reject"),
        )
        for message, _ in kinds:
            submit(message)
        wait_until(lambda: self.box.count() >= len(kinds), "all mail", SECONDS)
        found = {name: _actions(getattr(self.box, name)()) for name in ("inbox", "spam")}
        actions = [action for _, action in kinds]
        self.assertEqual(found["inbox"], sorted(actions[:3]))
        self.assertEqual(found["spam"], sorted(actions[3:]))
        for message in self.box.inbox():
            self.assertEqual(values(message, "X-Spam"), [])
        for message in self.box.spam():
            self.assertEqual(values(message, "X-Spam"), ["yes"])

    def check_killed(
        self, count: int, submit: Callable[[bytes], object], is_away: Callable[[], bool]
    ) -> None:
        """Kill and restart the filter while messages come: all are there once, and as they were.

        Submitting tries again what is refused for now; `is_away` tells whether the filter has been
        missed.
        """

        def send(first: int, end: int) -> Threads:
            return Threads(4, lambda at: [submit(letter(n)) for n in range(first + at, end, 4)])

        before = send(0, count // 2)
        wait_until(lambda: self.box.count() >= count // 10, "the first messages", SECONDS)
        self.filter.kill()
        after = send(count // 2, count)
        wait_until(is_away, "mail without the filter", SECONDS)
        self.filter.start()
        before.join()
        after.join()
        wait_until(lambda: self.box.count() >= count, "all mail", SECONDS)
        self.check_all(count)

    def check_all(self, count: int) -> None:
        """All messages are there once, with their octets; filed if there is a verdict."""
        messages = self.box.all()
        found = Counter(number_of(message) for message in messages)
        self.assertEqual(found, Counter(range(count)))
        spam = {number_of(message) for message in self.box.spam()}
        for message in messages:
            number = number_of(message)
            self.assertEqual(body_of(message), body_of(letter(number)), number)
            is_scanned = not values(message, "X-Spam-Error")
            self.assertEqual(bool(values(message, "X-Spam-Action")), is_scanned, message)
            self.assertEqual(number in spam, number % EACH == 0 and is_scanned, message)


def page(
    heading: str, language: str, box: Box, number: int = 0, changes: Mapping[str, str] = {}
) -> str:
    """A block of the page, with this machine's paths and ports after the changes."""
    text = here(blocks(heading, language, PAGE)[number], changes)
    folder = lda_agents.agents()
    client = folder / "mailfilterc"
    if not client.exists():
        lda_agents.client(folder)
    local = {SERVER: f"127.0.0.1:{lda_filter().http}", CLIENT: str(client), "$HOME": str(box.home)}
    local |= {shown: str(folder / name) for shown, name in lda_agents.PATHS.items()}
    return re.sub("|".join(map(re.escape, local)), lambda found: local[found[0]], text)


def letter(number: int) -> bytes:
    """A message of many, which always says it is spam; whether it is, its number tells."""
    name = _BODIES[number % len(_BODIES)]
    fields = {"Action": "add header"} if number % EACH == 0 else {}
    tail = b"the end of %d\r\n" % number
    return b"X-Spam: yes\r\n" + numbered(number) + wish(fields, name) + tail


def _actions(messages: Sequence[bytes]) -> list[str]:
    return sorted(action for message in messages for action in values(message, "X-Spam-Action"))
