"""What checks of authors and recipients ask of names and addresses."""

import re

from ..mail.addresses import Address
from ..mail.message import Message
from ..mail.public_suffix import load_suffixes, organizational_domain
from ..scan.check import Check, Given

MAX_NAME = 1000
"""Characters of a name that are looked at."""

_TITLE = re.compile(r"(?:mrs?|ms|dr|prof|sir|madam|miss|barrister|barr)\b\.?[ \t]*+[^\W\d_]", re.I)
_ADDRESS = re.compile(r"(?<![\w.+-])([\w.+-]{1,64}+@(?:[\w-]{1,63}\.){1,8}[a-z]{2,24})\b", re.I)
_NOT_LOCAL = re.compile(r"[\s\x00-\x1f\x7f<>(),;:]|\A\.|\.\.|\.\Z")
_HOST = re.compile(r"(?:[\w-]{1,63}\.)*[\w-]{1,63}|\[[0-9a-z.:]{2,60}+\]", re.I)


class OwnerCheck(Check):
    """A check that compares owners of domains: the list for it is read as the check is made."""

    def __init__(self, given: Given) -> None:
        super().__init__(given)
        load_suffixes()


def author_of(message: Message) -> Address | None:
    """The mailbox of From if there is one, and no other."""
    return message.from_[0] if len(message.from_) == 1 else None


def base_of(domain: str) -> str:
    """The domain that its owner has registered, in lower case; the domain itself if there is none.

    Two domains with the same one belong to one owner.
    """
    lowered = domain.lower().rstrip(".")
    return organizational_domain(lowered) or lowered


def is_one_owner(one: str, other: str) -> bool:
    """Whether two domains belong to one owner."""
    return one == other or base_of(one) == base_of(other)


def domain_of(address: str) -> str:
    """What is behind the last at sign, in lower case."""
    return address.rpartition("@")[2].lower().rstrip(".")


def is_valid(local: str, domain: str) -> bool:
    """Whether a local part and a domain may be an address (RFC 5321 4.1.2 and 4.5.3.1).

    Quoted local parts may have what others must not.
    """
    if not 0 < len(domain) <= 255 or not 0 < len(local) <= 64 * 4:
        return False
    if not _HOST.fullmatch(domain):
        return False
    return (local[0] == local[-1] == '"' and len(local) > 2) or not _NOT_LOCAL.search(local)


def has_title(name: str) -> bool:
    """Whether a name begins with a title, such as Mr or Dr."""
    return bool(_TITLE.match(name))


def address_in(name: str) -> str | None:
    """The first address that a display name shows, in lower case."""
    if "@" not in name:
        return None
    found = _ADDRESS.search(name[:MAX_NAME])
    return found[1].lower() if found else None
