"""Do local parts have a tag behind a plus sign?"""

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task
from ._people import author_of

MOST = 10
"""Tags that are told of."""


class Tagged(Check):
    """Looks at the author and at the recipients of the envelope (RFC 5233)."""

    name = "tagged"
    symbols = {
        "TAGGED_FROM": Symbol(0.0, "aliases", "From local part has a plus tag"),
        "TAGGED_RCPT": Symbol(0.0, "aliases", "recipient local part has a plus tag"),
    }

    def run(self, task: Task) -> Findings:
        hits = []
        author = author_of(task.message)
        if author is not None and (tag := _tag(author.local)):
            hits.append(Hit("TAGGED_FROM", options=(tag,)))
        recipients = [one.address for one in task.envelope.recipients if "+" in one.address]
        tags = [tag for one in recipients if (tag := _tag(one.rpartition("@")[0]))]
        if tags:
            hits.append(Hit("TAGGED_RCPT", options=tuple(tags[:MOST])))
        return hits


def _tag(local: str) -> str:
    user, _, tag = local.partition("+")
    return tag if user else ""
