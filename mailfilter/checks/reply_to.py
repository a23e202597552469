"""Where do answers go: to the author, or to somebody else?"""

from ..mail import Message
from ..mail.addresses import Address
from ..scan.check import Findings, Hit, Symbol
from ..scan.task import Task
from ._answers import names_answered
from ._lists import is_list
from ._people import MAX_NAME, OwnerCheck, author_of, has_title, is_one_owner

MAX_PEOPLE = 100
"""Mailboxes of a field among which an author or a list is looked for."""


class ReplyTo(OwnerCheck):
    """Compares the one mailbox of Reply-To with From and To.

    REPLYTO_EQ_FROM is a field that is the same to the letter; one that is written in another way
    but leads to the same mailbox is REPLYTO_ADDR_EQ_FROM. Domains are compared for others.

    Lists send answers to themselves, which says nothing of the author. Many say nowhere that they
    are lists; but then they are the sender, or what they send is an answer.
    """

    name = "reply_to"
    symbols = {
        "HAS_REPLYTO": Symbol(0.0, "headers", "Reply-To present"),
        "REPLYTO_ADDR_EQ_FROM": Symbol(0.0, "headers", "Reply-To leads to the mailbox of From"),
        "REPLYTO_DN_EQ_FROM_DN": Symbol(0.0, "headers", "Reply-To name equals From name"),
        "REPLYTO_DOM_EQ_FROM_DOM": Symbol(0.0, "headers", "Reply-To domain equals From domain"),
        "REPLYTO_DOM_EQ_TO_DOM": Symbol(0.0, "headers", "Reply-To domain equals To domain"),
        "REPLYTO_DOM_NEQ_FROM_DOM": Symbol(
            0.0, "headers", "Reply-To domain differs from From domain"
        ),
        "REPLYTO_DOM_NEQ_TO_DOM": Symbol(0.0, "headers", "Reply-To domain differs from To domain"),
        "REPLYTO_EMAIL_HAS_TITLE": Symbol(2.0, "headers", "Reply-To has a title"),
        "REPLYTO_EQ_FROM": Symbol(0.0, "headers", "Reply-To equals From"),
        "REPLYTO_EQ_TO_ADDR": Symbol(5.0, "headers", "Reply-To equals To"),
        "REPLYTO_VIA_LIST": Symbol(
            0.0, "headers", "Reply-To has the author of what a list sends as its own"
        ),
        "SPOOF_REPLYTO": Symbol(6.0, "headers", "Reply-To leads away from the local From domain"),
    }

    def run(self, task: Task) -> Findings:
        message = task.message
        if "Reply-To" not in message.headers:
            return ()
        first = message.reply_to[0] if message.reply_to else None
        if first is None or not first.domain:
            return [Hit("HAS_REPLYTO")]
        found = ["HAS_REPLYTO"]
        address = first.address.lower()
        if has_title(first.name):
            found.append("REPLYTO_EMAIL_HAS_TITLE")
        author = author_of(message)
        if author is not None:
            found += _by_author(message, first, author)
            if _is_via(author, message):
                found.append("REPLYTO_VIA_LIST")
        if len(message.to) == 1 and not is_list(message.headers):
            found += _by_recipient(first, message.to[0])
            if _leads_to_reader(task, first, author):
                found.append("REPLYTO_EQ_TO_ADDR")
        if author is not None and _leads_away(task, first, author):
            found.append("SPOOF_REPLYTO")
        return [Hit(name, options=(address,) * (name == "HAS_REPLYTO")) for name in found]


def _by_author(message: Message, reply: Address, author: Address) -> list[str]:
    found = []
    if reply.name and reply.name.lower() == author.name.lower():
        found.append("REPLYTO_DN_EQ_FROM_DN")
    if reply.address.lower() == author.address.lower():
        is_copy = _text_of(message, "Reply-To") == _text_of(message, "From")
        return [*found, "REPLYTO_EQ_FROM" if is_copy else "REPLYTO_ADDR_EQ_FROM"]
    is_same = is_one_owner(reply.domain, author.domain)
    return [*found, "REPLYTO_DOM_EQ_FROM_DOM" if is_same else "REPLYTO_DOM_NEQ_FROM_DOM"]


def _text_of(message: Message, name: str) -> str:
    header = message.headers.get(name)
    return header.unfolded.strip() if header is not None else ""


def _is_via(author: Address, message: Message) -> bool:
    """Whether From is "Ann via List", the list got the message, and Ann gets answers.

    Lists put themselves into From where the author's domain has a strict DMARC policy, and the
    author into Reply-To.
    """
    person, via, of = author.name[:MAX_NAME].lower().partition(" via ")
    person = person.strip(" '\"")
    if not (via and of and person):
        return False
    if not any(
        person in (one.name.lower().strip(" '\""), one.address.lower())
        for one in message.reply_to[:MAX_PEOPLE]
    ):
        return False
    own = author.address.lower()
    people = (*message.to[:MAX_PEOPLE], *message.cc[:MAX_PEOPLE])
    return is_list(message.headers) or any(one.address.lower() == own for one in people)


def _by_recipient(reply: Address, recipient: Address) -> list[str]:
    if not recipient.domain:
        return []
    is_same = is_one_owner(reply.domain, recipient.domain)
    return ["REPLYTO_DOM_EQ_TO_DOM" if is_same else "REPLYTO_DOM_NEQ_TO_DOM"]


def _leads_to_reader(task: Task, reply: Address, author: Address | None) -> bool:
    """Whether answers go to the one whom a message is to, and who gets it.

    The envelope tells who gets it. A list that says nowhere that it is one is in To and Reply-To,
    but its mail is delivered to subscribers.
    """
    address = reply.address.lower()
    if address != task.message.to[0].address.lower():
        return False
    if author is not None and author.address.lower() == address:
        return False
    readers = {one.address.lower() for one in task.envelope.recipients}
    return address in readers and not _is_discussion(task.message)


def _is_discussion(message: Message) -> bool:
    """Whether a message answers another, or was sent on by the domain that it is to."""
    if names_answered(message):
        return True
    senders = message.sender
    return bool(senders) and is_one_owner(senders[0].domain, message.to[0].domain)


def _leads_away(task: Task, reply: Address, author: Address) -> bool:
    """Whether the author is of the recipient's own domain, and answers go to another.

    A stranger makes such mail so that the answer to a colleague reaches him.
    """
    recipients = task.envelope.recipients
    if not recipients or task.envelope.user or is_list(task.message.headers):
        return False
    domain = recipients[0].address.rpartition("@")[2].lower()
    return author.domain == domain and not is_one_owner(reply.domain, domain)
