"""Write the documents that are made from the model: `python -m mailfilter.config.generate`."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from .render import render_defaults, render_reference

DOCUMENTS: Mapping[str, Callable[[], str]] = {
    "etc/mailfilter.toml": render_defaults,
    "docs/configuration.md": render_reference,
}
"""Path in the checkout -> what makes its text."""


def main(root: Path) -> None:
    """Write all documents below a checkout's root. Raises OSError."""
    for name, render in DOCUMENTS.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(render(), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path.cwd())
