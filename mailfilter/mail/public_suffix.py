"""Where the domains of one owner begin: below the suffixes under which anybody may have one.

The Public Suffix List that comes with publicsuffixlist, its private part too: who rents a name
below `blogspot.com` is another owner than his neighbour.
"""

from functools import cache, lru_cache

from publicsuffixlist import PublicSuffixList


@cache
def load_suffixes() -> PublicSuffixList:
    """The list. The first call takes some 40 ms: whoever needs it makes that one while starting."""
    return PublicSuffixList()


@lru_cache(maxsize=4096)
def organizational_domain(domain: str) -> str | None:
    """The suffix of a domain and one label more (RFC 7489 3.2).

    A domain is as `dns_name.normal_name` makes it. `None`: it is a suffix itself, or no domain that
    anybody could register. A suffix that the list does not have is one label.
    """
    # An escaped dot is part of a label: the list would take it for one between labels.
    if not domain or "\\" in domain:
        return None
    return load_suffixes().privatesuffix(domain)


def has_known_suffix(domain: str) -> bool:
    """Tell whether a domain is below a suffix that the list has, or is one itself."""
    # Whatever the list has is below a last label that it has.
    return _is_known_label(domain.rpartition(".")[2].lower())


@lru_cache(maxsize=4096)
def _is_known_label(label: str) -> bool:
    return load_suffixes().publicsuffix(f"x.{label}", accept_unknown=False) is not None
