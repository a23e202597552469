"""Is the name of a file shown otherwise than it is?"""

import re

from ..scan.check import Check, Findings, Symbol
from ..scan.task import Task
from ._files import named_parts
from ._option_hits import OptionHits

# Joiners, and marks of direction that reorder nothing, are part of honest names.
_DECEPTIVE = re.compile(
    "[\u00ad\u115f\u1160\u180e\u200b\u2024\u202a-\u202e\u2060-\u2064\u2066-\u2069\u3164"
    "\ufeff\uffa0]"
)


class MimeBadUnicode(Check):
    """Fires for characters that reorder a name, that nobody sees, or that look like its dot."""

    name = "mime_bad_unicode"
    symbols = {"MIME_BAD_UNICODE": Symbol(2.0, "mime_types", "file name with deceptive Unicode")}

    def run(self, task: Task) -> Findings:
        hits = OptionHits()
        for _, names in named_parts(task.message):
            for name in names:
                found = _DECEPTIVE.search(name)
                if found is not None:
                    hits.add("MIME_BAD_UNICODE", f"U+{ord(found[0]):04X}")
        return hits.hits()
