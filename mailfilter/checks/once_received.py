"""Has the message come to us straight from where it was written?"""

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task
from ._dynamic import is_line
from ._hops import is_live


class OnceReceived(Check):
    """Counts hops. Honest programs hand mail to a server of their own, which hands it to us.

    Who has logged in with us has done so, and hosts of a dynamic network should.
    """

    name = "once_received"
    symbols = {
        "ONCE_RECEIVED": Symbol(0.1, "headers", "only one Received"),
        "ONCE_RECEIVED_STRICT": Symbol(
            4.0, "headers", "one Received, with dynamic/static looking host"
        ),
    }

    def run(self, task: Task) -> Findings:
        if task.envelope.user or not task.message.is_mail:
            return ()
        hops = task.message.received
        if len(hops) > 1:
            return ()
        live = is_live(task)
        address = task.envelope.client_ip if live else hops[0].from_ip if hops else None
        if len(hops) + live != 1 or address is None:
            return ()
        host = task.envelope.hostname if live else hops[0].hostname
        if host and is_line(host, address):
            return [Hit("ONCE_RECEIVED"), Hit("ONCE_RECEIVED_STRICT", options=(host,))]
        return [Hit("ONCE_RECEIVED")]
