"""Is the sender nobody, as that of bounces, or of a domain of one label?"""

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task


class NullSender(Check):
    """Looks at MAIL FROM and counts recipients: a bounce has one."""

    name = "null_sender"
    symbols = {
        "HFILTER_FROM_BOUNCE": Symbol(0.0, "hfilter", "null sender"),
        "HFILTER_RCPT_BOUNCEMOREONE": Symbol(1.5, "hfilter", "null sender with several recipients"),
        "HFILTER_FROMHOST_NOT_FQDN": Symbol(3.0, "hfilter", "sender domain is not fully qualified"),
    }

    def run(self, task: Task) -> Findings:
        envelope = task.envelope
        sender = envelope.sender
        if sender is None or envelope.lacks_sender:
            return ()
        if sender:
            domain = sender.rpartition("@")[2].rstrip(".")
            is_short = "@" in sender and domain and "." not in domain and domain[0] != "["
            is_ours = task.origin.is_authenticated
            return [Hit("HFILTER_FROMHOST_NOT_FQDN")] if is_short and not is_ours else ()
        if len(envelope.recipients) > 1:
            return [Hit("HFILTER_FROM_BOUNCE"), Hit("HFILTER_RCPT_BOUNCEMOREONE")]
        return [Hit("HFILTER_FROM_BOUNCE")]
