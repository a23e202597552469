"""Header fields that the filter adds and removes, as Postfix and Sendmail deliver them."""

import functools

from . import headers
from .harness import PostfixCase, shared_sink
from .postfix import Postfix
from .postfix_cf import Smtpd
from .sendmail import Sendmail
from .sendmail_case import SendmailCase


@functools.cache
def own_postfix(position: str) -> Postfix:
    """A Postfix that asks the filter with header fields."""
    milter = f"inet:127.0.0.1:{headers.own_filter(position).milter}"
    return Postfix({"tcp": Smtpd(milter)}, shared_sink().port)


@functools.cache
def own_sendmail(position: str) -> Sendmail:
    """A Sendmail that does."""
    return Sendmail(f"inet:{headers.own_filter(position).milter}@127.0.0.1", {}, shared_sink().port)


class PostfixTopTests(PostfixCase, headers.HeaderCases):
    """Postfix, on top."""

    position = "top"

    def setUp(self) -> None:
        """One of our own."""
        super().setUp()
        self.postfix = own_postfix(self.position)

    def wait_delivered(self) -> bytes:
        """See `ForcedCase`."""
        return self.postfix.wait_mailbox(self.box)[0]


class PostfixBottomTests(PostfixTopTests):
    """Postfix, at the end."""

    position = "bottom"


class SendmailTopTests(SendmailCase, headers.HeaderCases):
    """Sendmail, on top."""

    position = "top"

    def make_sendmail(self) -> Sendmail:
        """One of our own."""
        return own_sendmail(self.position)


class SendmailBottomTests(SendmailTopTests):
    """Sendmail, at the end."""

    position = "bottom"
