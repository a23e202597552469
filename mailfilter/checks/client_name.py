"""Has the client a name, and does it look like that of a line of a customer?"""

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task
from ._dynamic import levels_of


class ClientName(Check):
    """Looks at clients that have not logged in and are not of a private network.

    That the name looks dynamic is only said if HELO does not say as much. That there is no name is
    said if HELO is known: who tells that would tell the name, too. Fields of a relay may not.
    """

    name = "client_name"
    symbols = {
        "HFILTER_HOSTNAME_1": Symbol(0.5, "hfilter", "client name looks slightly dynamic"),
        "HFILTER_HOSTNAME_2": Symbol(1.0, "hfilter", "client name looks dynamic, low"),
        "HFILTER_HOSTNAME_3": Symbol(2.0, "hfilter", "client name looks dynamic, medium"),
        "HFILTER_HOSTNAME_4": Symbol(2.5, "hfilter", "client name looks dynamic, high"),
        "HFILTER_HOSTNAME_5": Symbol(3.0, "hfilter", "client name looks dynamic, very high"),
        "HFILTER_HOSTNAME_UNKNOWN": Symbol(2.5, "hfilter", "no verified client name"),
    }

    def run(self, task: Task) -> Findings:
        origin = task.origin
        if origin.ip is None or origin.is_authenticated or origin.ip.is_private:
            return ()
        name = origin.hostname
        if not name:
            is_missing = origin.helo and not origin.is_relayed
            return [Hit("HFILTER_HOSTNAME_UNKNOWN")] if is_missing else ()
        level = levels_of(origin)[1]
        return [Hit(f"HFILTER_HOSTNAME_{level}", options=(name,))] if level else ()
