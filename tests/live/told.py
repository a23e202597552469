"""What the filter was shown, as the check `tell` wrote it down."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .harness import Filter


@dataclass(frozen=True, slots=True)
class Told:
    """A message as it was scanned: its octets, and the fields of its envelope."""

    raw: bytes
    envelope: dict[str, Any]

    @property
    def recipients(self) -> list[str]:
        """Addresses of the recipients."""
        return [item["address"] for item in self.envelope["recipients"]]


def told(asked: Filter, recipient: str) -> Told:
    """What the filter was shown of the last message whose first recipient this was.

    Raises FileNotFoundError if it has not seen such a message, or its name asks for no record.
    """
    folder = Path(asked.home) / "told"
    name = recipient.partition("@")[0]
    envelope = json.loads((folder / f"{name}.json").read_text())
    return Told((folder / f"{name}.eml").read_bytes(), envelope)
