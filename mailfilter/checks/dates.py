"""Is Date a date, and near the time at which the message came?"""

from datetime import UTC, datetime, timedelta

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task

PAST = timedelta(days=1)
FUTURE = timedelta(hours=2)


def now() -> datetime:
    """The time by the clock of the machine."""
    return datetime.now(UTC)


class Dates(Check):
    """Compares Date with now; without a client with the time between the ends of Received.

    A message that no client sends to us was not sent at this time: somebody has kept it.
    """

    name = "dates"
    symbols = {
        "DATE_IN_PAST": Symbol(1.0, "headers", "Date lies well behind now"),
        "DATE_IN_FUTURE": Symbol(4.0, "headers", "Date lies ahead of now"),
        "INVALID_DATE": Symbol(1.5, "headers", "Date cannot be parsed"),
    }

    def run(self, task: Task) -> Findings:
        message = task.message
        if "Date" not in message.headers:
            return ()
        date = message.date
        if date is None:
            return [Hit("INVALID_DATE")]
        first = last = now()
        if task.envelope.client_ip is None:
            hops = message.received
            moments = [moment for hop in (hops[:1] + hops[-1:]) if (moment := hop.date)]
            if not moments:
                return ()
            first, last = min(*moments, last), min(max(moments), last)
        age = first - date
        ahead = date - last
        if age > PAST:
            return [Hit("DATE_IN_PAST", options=(_told(age),))]
        if ahead > FUTURE:
            return [Hit("DATE_IN_FUTURE", options=(_told(ahead),))]
        return ()


def _told(age: timedelta) -> str:
    """Days and hours."""
    hours = int(age.total_seconds()) // 3600
    return f"{hours // 24} d {hours % 24} h"
