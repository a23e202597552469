"""Did the message come by TLS, and has somebody logged in to send it?"""

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task
from ._hops import hops_of


class ReceivedWays(Check):
    """Looks at every hop, and at that from the client to us.

    Of a message that no client sends to us the last hop is one within a machine too often for
    blame.
    """

    name = "received_ways"
    symbols = {
        "RCVD_TLS_ALL": Symbol(0.0, "headers", "every hop used TLS"),
        "RCVD_TLS_LAST": Symbol(0.0, "headers", "last hop used TLS"),
        "RCVD_NO_TLS_LAST": Symbol(0.1, "headers", "last hop without TLS"),
        "RCVD_VIA_SMTP_AUTH": Symbol(0.0, "headers", "a hop shows SMTP AUTH"),
    }

    def run(self, task: Task) -> Findings:
        hops = hops_of(task)
        if not hops:
            return ()
        if all(hop.has_tls for hop in hops):
            found = ["RCVD_TLS_ALL"]
        elif hops[0].has_tls:
            found = ["RCVD_TLS_LAST"]
        else:
            found = ["RCVD_NO_TLS_LAST"] if task.envelope.client_ip is not None else []
        if any(hop.has_login for hop in hops):
            found.append("RCVD_VIA_SMTP_AUTH")
        return [Hit(symbol) for symbol in found]
