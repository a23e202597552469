"""Did the message come by a mailing list?"""

import re

from ..mail.headers import Headers
from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task

MOST = 1000
"""Characters of a field that are looked at."""

_ID = re.compile(r"[^<>]*+<([\w-]{1,63}(?:\.[\w-]{1,63}){1,10})>\s*+", re.ASCII)
# What programs for lists add of their own: Mailman, ezmlm, Sympa, Google and Yahoo groups, vger.
_MARKS = (
    "X-Mailman-Version",
    "X-BeenThere",
    "Mailing-List",
    "X-Mailing-List",
    "X-Google-Group-Id",
    "X-Loop",
    "X-Sympa-To",
    "List-Post",
)


class MailingList(Check):
    """Asks for the list's name (RFC 2919), a way to leave or to write to it, and a third sign."""

    name = "mailing_list"
    symbols = {"MAILLIST": Symbol(-0.2, "headers", "mailing list recognised")}

    def run(self, task: Task) -> Findings:
        headers = task.message.headers
        header = headers.get("List-Id")
        found = _ID.fullmatch(header.unfolded[:MOST]) if header is not None else None
        if found is None or not _is_list(headers):
            return ()
        return [Hit("MAILLIST", options=(found[1].lower(),))]


def _is_list(headers: Headers) -> bool:
    if "List-Unsubscribe" not in headers and "List-Help" not in headers:
        return False
    precedence = headers.get("Precedence")
    says_so = precedence is not None and precedence.unfolded[:MOST].lower() in ("list", "bulk")
    return says_so or any(name in headers for name in _MARKS)
