"""Has the mail passed a client that calls itself `User`?"""

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task

_NAME = "user"


class HeloUser(Check):
    """Looks at HELO of the client, and of the clients before it as Received fields tell.

    A tool that sends spam through stolen accounts has that name built in.
    """

    name = "helo_user"
    symbols = {"RCVD_HELO_USER": Symbol(3.0, "headers", "a client calls itself User in HELO")}

    def run(self, task: Task) -> Findings:
        # The text is searched, which costs a tenth of reading the field.
        hops = [hop for hop in task.message.received if _NAME in hop.raw.lower()]
        helos = [task.envelope.helo, *(hop.helo or hop.from_name for hop in hops)]
        return [Hit("RCVD_HELO_USER")] * any(_is_tool(helo) for helo in helos)


def _is_tool(helo: str | None) -> bool:
    return helo is not None and helo.lower() == _NAME
