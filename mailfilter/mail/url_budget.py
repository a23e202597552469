"""How much may be spent on the URLs of one message."""

from .url_host import Host, parse_host
from .url_parse import MAX_URL, Url, parse_url


class UrlBudget:
    """What is left. Everything together takes about 40 ms on a slow core.

    Honest mail has some hundred URLs, of some dozen hosts: a digest some thousand.
    """

    def __init__(
        self,
        urls: int = 10_240,
        different: int = 6144,
        hosts: int = 2048,
        odd_characters: int = 4096,
        misses: int = 4096,
        mailboxes: int = 2048,
    ) -> None:
        self.urls = urls
        """URLs."""
        self.different = different
        """URLs that are not the same text as one before."""
        self.hosts = hosts
        """Different hosts."""
        self.odd_characters = odd_characters
        """Characters of hosts that are not ASCII, or say so in ASCII: each costs some
        microseconds."""
        self.misses = misses
        """Places of texts that look like URLs and are none."""
        self.mailboxes = mailboxes
        """Addresses of mail."""
        self.is_spent = False
        """There was more than was looked at."""
        self._hosts: dict[str, Host | None] = {}
        self._urls: dict[str, Url | None] = {}

    def read_url(self, text: str) -> Url | None:
        """What `parse_url` says. The same again costs next to nothing."""
        if text in self._urls:
            return self._urls[text]
        if self.different <= 0:
            self.is_spent = True
            return None
        self.different -= 1
        url = parse_url(text, self.read_host)
        if len(text) <= MAX_URL:
            self._urls[text] = url
        return url

    def read_host(self, text: str) -> Host | None:
        """What `parse_host` says, None if that would cost too much."""
        if text in self._hosts:
            return self._hosts[text]
        is_odd = not text.isascii() or "%" in text or "xn--" in text.lower()
        cost = min(len(text), 1024) if is_odd else 0
        if self.hosts <= 0 or cost > self.odd_characters:
            self.is_spent = True
            return None
        self.hosts -= 1
        self.odd_characters -= cost
        host = self._hosts[text] = parse_host(text)
        return host

    @property
    def is_over(self) -> bool:
        """Whether no more new URLs can be read."""
        return self.hosts <= 0 or self.different <= 0

    def take_url(self) -> bool:
        """Spend one URL; False if none is left."""
        self.urls -= 1
        return self._is_left(self.urls)

    def take_mailbox(self) -> bool:
        """Spend one address; False if none is left."""
        self.mailboxes -= 1
        return self._is_left(self.mailboxes)

    def take_miss(self) -> bool:
        """Spend one place that was no URL; False if none is left."""
        self.misses -= 1
        return self._is_left(self.misses)

    def _is_left(self, left: int) -> bool:
        self.is_spent = self.is_spent or left < 0
        return left >= 0
