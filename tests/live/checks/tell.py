"""A check that tells the live tests what the filter was shown: message and envelope, in files.

It acts on messages whose first recipient begins with `tell-`, and writes `told/LOCAL-PART.eml`
and `told/LOCAL-PART.json` beside the folder that it lies in. It finds nothing.
"""

import json
import re
from dataclasses import asdict
from pathlib import Path

from mailfilter.scan.check import Check, Findings, Stage
from mailfilter.scan.task import Task

_RECIPIENT = re.compile(r"(tell-[a-z0-9_-]{1,80})@[a-z]+\.test")
_FOLDER = Path(__file__).parents[1] / "told"


class Tell(Check):
    """Write down what the filter was shown."""

    name = "tell"
    stage = Stage.MAIN

    def run(self, task: Task) -> Findings:
        """Write the files of a message that asks for it by its first recipient."""
        recipients = task.envelope.recipients
        found = _RECIPIENT.fullmatch(recipients[0].address) if recipients else None
        if found:
            _FOLDER.mkdir(exist_ok=True)
            (_FOLDER / f"{found[1]}.eml").write_bytes(task.message.raw)
            facts = json.dumps(asdict(task.envelope), default=str)
            (_FOLDER / f"{found[1]}.json").write_text(facts)
        return ()
