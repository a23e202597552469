"""Does a text part leave out the charset that its content needs?"""

from ..mail import Part
from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task


class MissingCharset(Check):
    """Fires for declared text without a charset that is not plain seven bit text."""

    name = "missing_charset"
    symbols = {"R_MISSING_CHARSET": Symbol(0.5, "headers", "text part without charset")}

    def run(self, task: Task) -> Findings:
        if any(_needs_charset(part) for part in task.message.text_parts):
            return [Hit("R_MISSING_CHARSET")]
        return ()


def _needs_charset(part: Part) -> bool:
    if part.charset or "Content-Type" not in part.headers or part.encoding == "7bit":
        return False
    return bool(part.encoding) or not part.raw_body.isascii()
