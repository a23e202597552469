"""What the trusted sealers of a chain say of a message."""

from collections.abc import Callable

from .arc import ArcResult
from .arc_set import results_of
from .results_text import ResultsError, passed_domain, read_results


def dmarc_passed(chain: ArcResult, is_trusted: Callable[[str], bool]) -> str | None:
    """The author's domain of which DMARC has passed at a trusted sealer; None if none says so.

    The newest is asked first, then those below it, as long as all of them are trusted: whoever is
    not may have made up what is below. A chain whose newest signature leaves out a field From
    proves nothing of who the author is.
    """
    if chain.status != "pass" or not chain.covers_author:
        return None
    for one, seal in zip(reversed(chain.sets), reversed(chain.seals), strict=True):
        if not is_trusted(seal.domain):
            return None
        try:
            domain = passed_domain(read_results(results_of(one.results)))
        except ResultsError:
            continue
        if domain is not None:
            return domain
    return None
