"""Mailings of a sender that shows who it is and takes back its letters by one click."""

from ..mail.message import Message
from ._people import author_of, base_of
from ._redirectors import SERVICES

_ONE_CLICK = b"list-unsubscribe=one-click"
"""The whole value that RFC 8058 3.1 knows for List-Unsubscribe-Post."""

MOST = 200
"""Links of a message that are looked at."""


def is_own_mailing(message: Message) -> bool:
    """Whether readers can leave by one click (RFC 8058), and all links lead to the author's domain.

    Links of services that send mailings for others are the author's, too; without links it is none.
    """
    post = message.headers.values(b"list-unsubscribe-post")
    to = message.headers.values(b"list-unsubscribe")
    if [value.strip().lower() for value in post] != [_ONE_CLICK] or len(to) != 1:
        return False
    author = author_of(message)
    if b"https:" not in to[0].lower() or author is None or "." not in author.domain:
        return False
    own = {base_of(author.domain), *SERVICES}
    led = [one.url.domain for one in message.urls[:MOST] if one.is_clicked and one.is_web]
    return bool(led) and all(domain in own for domain in led)
