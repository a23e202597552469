"""Are the people of HTML mail those of bulk mail: do answers go elsewhere, is it to its author?"""

from collections.abc import Iterator

from ..mail.addresses import Address
from ..mail.message import Message
from ..scan.check import Findings, Hit, Symbol
from ..scan.task import Task
from ._answers import names_answered
from ._people import OwnerCheck, author_of, is_one_owner

MAX_SUBJECT = 1000
"""Characters of a subject that are looked at."""

MIN_ADDRESS = 6
"""Characters of an address that a subject does not have by chance."""


class HtmlPeople(OwnerCheck):
    """Compares author, recipient and subject of mail that is no answer."""

    name = "html_people"
    symbols = {
        "SUBJECT_HAS_RECIPIENT": Symbol(1.4, "structure", "subject with the recipient's address"),
        "HTML_TO_ITSELF": Symbol(1.0, "structure", "HTML alone, from an address to the same one"),
        "HTML_ANSWER_ELSEWHERE": Symbol(
            0.7, "structure", "HTML alone, answers go to another's domain"
        ),
    }

    def run(self, task: Task) -> Findings:
        message = task.message
        if names_answered(message):
            return []
        return [Hit(symbol) for symbol in _found(message)]


def _found(message: Message) -> Iterator[str]:
    to = message.to[0] if message.to else None
    if to is not None and _is_in(to, message.subject):
        yield "SUBJECT_HAS_RECIPIENT"
    author = author_of(message)
    if author is None or not author.domain:
        return
    is_same = to is not None and to.address.lower() == author.address.lower()
    is_elsewhere = _leads_away(author, message.reply_to)
    if (is_same or is_elsewhere) and _is_html_alone(message):
        if is_same:
            yield "HTML_TO_ITSELF"
        if is_elsewhere:
            yield "HTML_ANSWER_ELSEWHERE"


def _is_in(address: Address, subject: str | None) -> bool:
    if not subject or "@" not in subject or len(address.address) < MIN_ADDRESS:
        return False
    return address.address.lower() in subject[:MAX_SUBJECT].lower()


def _leads_away(author: Address, reply_to: tuple[Address, ...]) -> bool:
    domains = [one.domain for one in reply_to if one.domain]
    return bool(domains) and not any(is_one_owner(one, author.domain) for one in domains)


def _is_html_alone(message: Message) -> bool:
    parts = message.text_parts
    return bool(parts) and all(part.type == "text/html" for part in parts)
