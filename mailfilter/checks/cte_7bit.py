"""Does text that is declared to be 7bit have other octets?"""

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task

MAX_OCTETS = 1024 * 1024
"""Octets of one text that are looked at."""


class Cte7bit(Check):
    """Fires for a text with octets beyond ASCII and `Content-Transfer-Encoding: 7bit`."""

    name = "cte_7bit"
    symbols = {"R_BAD_CTE_7BIT": Symbol(3.5, "headers", "7bit declared but 8-bit bytes present")}

    def run(self, task: Task) -> Findings:
        for part in task.message.text_parts:
            if part.encoding != "7bit":
                continue
            end = min(part.end, part.body_start + MAX_OCTETS)
            if not part.octets[part.body_start : end].isascii():
                return [Hit("R_BAD_CTE_7BIT")]
        return ()
