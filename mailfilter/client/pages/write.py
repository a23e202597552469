"""Write `share/` from the command lines: `python -m mailfilter.client.pages.write`."""

from collections.abc import Mapping
from pathlib import Path

from .bash import render_bash
from .fish import render_fish
from .manual import render
from .programs import programs
from .zsh import render_zsh

SHARE = Path("share")


def pages() -> Mapping[Path, str]:
    """All files, by their paths below the checkout."""
    found: dict[Path, str] = {}
    for program in programs():
        name, command = program.name, program.command
        manual = SHARE / f"man/man{program.section}/{name}.{program.section}"
        found[manual] = render(program)
        found[SHARE / "bash-completion/completions" / name] = render_bash(name, command)
        found[SHARE / "zsh/site-functions" / f"_{name}"] = render_zsh(name, command)
        found[SHARE / "fish/vendor_completions.d" / f"{name}.fish"] = render_fish(name, command)
    return found


if __name__ == "__main__":
    for path, text in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
