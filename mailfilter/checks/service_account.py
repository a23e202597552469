"""Is an author or a sender an account of a daemon, or at the name of a web server?"""

from collections.abc import Iterator

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task
from ._people import domain_of

ACCOUNTS = frozenset(
    {
        "anonymous",
        "apache",
        "apache2",
        "ftp",
        "guest",
        "http",
        "httpd",
        "nginx",
        "nobody",
        "web",
        "www",
        "www-data",
        "wwwrun",
    }
)
"""Whom servers run as that nobody reads mail of."""

MAX_ADDRESSES = 100
"""Of one field that are looked at."""


class ServiceAccount(Check):
    """Looks at the authors, and at senders and recipients of the envelope.

    Mail of such accounts is made by a program; where it goes to strangers, often by one that
    somebody has brought in.
    """

    name = "service_account"
    symbols = {
        "ENVFROM_SERVICE_ACCT": Symbol(
            1.0, "compromised_hosts", "envelope sender is the account of a daemon"
        ),
        "FROM_SERVICE_ACCT": Symbol(
            1.0, "compromised_hosts", "From, Sender or Reply-To is the account of a daemon"
        ),
        "WWW_DOT_DOMAIN": Symbol(
            0.5, "compromised_hosts", "an author or the envelope sender is at www.domain"
        ),
    }

    def run(self, task: Task) -> Findings:
        sender = (task.envelope.sender or "").lower()
        authors = [(local, domain) for local, domain in _authors(task) if domain]
        found = []
        if sender.rpartition("@")[0] in ACCOUNTS:
            found.append(Hit("ENVFROM_SERVICE_ACCT"))
        if any(local in ACCOUNTS for local, _domain in authors):
            found.append(Hit("FROM_SERVICE_ACCT"))
        domains = [domain_of(sender), *(domain for _local, domain in authors)]
        web = next((domain for domain in domains if domain.startswith("www.")), None)
        if web is not None:
            found.append(Hit("WWW_DOT_DOMAIN", options=(web,)))
        return found


def _authors(task: Task) -> Iterator[tuple[str, str]]:
    """Local parts and domains in lower case."""
    message = task.message
    for field in (message.from_, message.sender, message.reply_to):
        for one in field[:MAX_ADDRESSES]:
            yield one.local.lower(), one.domain.lower()
