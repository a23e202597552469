"""Are the recipients in the header those of the envelope?"""

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task
from ._lists import is_list


class ToEnvelope(Check):
    """Compares To and Cc with the recipients of the envelope; tags behind a plus do not count.

    Lists and who sends again (Resent-To) have others in the envelope than in To.
    """

    name = "to_envelope"
    symbols = {
        "TO_MATCH_ENVRCPT_ALL": Symbol(0.0, "headers", "all header recipients are SMTP recipients"),
        "TO_MATCH_ENVRCPT_SOME": Symbol(
            0.0, "headers", "some header recipients are SMTP recipients"
        ),
        "FORGED_RECIPIENTS": Symbol(2.0, "headers", "To/Cc do not contain the SMTP recipients"),
    }

    def run(self, task: Task) -> Findings:
        envelope = task.envelope
        message = task.message
        shown = {_plain(one.address) for one in message.to + message.cc if one.domain}
        if not shown or not envelope.recipients:
            return ()
        told = {_plain(one.address) for one in envelope.recipients}
        common = len(shown & told)
        if common == len(shown):
            return [Hit("TO_MATCH_ENVRCPT_ALL")]
        if common:
            return [Hit("TO_MATCH_ENVRCPT_SOME")]
        if is_list(message.headers) or "Resent-To" in message.headers:
            return ()
        return [Hit("FORGED_RECIPIENTS")]


def _plain(address: str) -> str:
    local, _, domain = address.lower().rpartition("@")
    user = local.partition("+")[0] or local
    return f"{user}@{domain}"
