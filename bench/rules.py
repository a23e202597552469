"""What rules cost at the start: `python -m bench.rules [--count N]`.

Those of the package, and made-up ones up to a number, are compiled, and read again from the
cache, each in a process of its own; memory is what that process has for itself then.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from mailfilter.app.rules import compile_rule_set, load_rule_set, read_rule_files
from mailfilter.config.model import RuleSettings

from .messages import ROOT, WORDS

TARGETS = ("text", "text", "text", "words", "subject", "header:from", "body", "html", "urls")


def made_up(count: int) -> str:
    """So many rules in TOML, as people write them: words with gaps between, one in ten counted."""
    rng = random.Random(13)
    return "\n".join(_rule(rng, number) for number in range(count))


def _rule(rng: random.Random, number: int) -> str:
    head = f'[[rule]]\nsymbol = "BENCH_{number}"\nscore = 1.0\ngroup = "bench"\n'
    head += f'description = "made up"\ntarget = "{rng.choice(TARGETS)}"\nflags = "i"\n'
    if number % 10:
        return f"{head}match = '{_expression(rng)}'\n"
    patterns = ", ".join(f"{name} = '{_expression(rng)}'" for name in "abc")
    return f"{head}patterns = {{ {patterns} }}\ncount = '>= 2'\n"


def _expression(rng: random.Random) -> str:
    words = rng.sample(WORDS, 6)
    first, second = "|".join(words[:3]), "|".join(words[3:])
    return rf"\b(?:{first})\b.{{0,40}}\b(?:{second})s?\b"


def start(folder: Path) -> dict[str, float]:
    """Seconds and MiB of one start, with the rules and the cache of a folder."""
    settings = RuleSettings(dirs=(str(folder / "rules"),))
    before = private_memory()
    began = perf_counter()
    found = load_rule_set(settings, read_rule_files(settings)).rules
    loaded = perf_counter()
    ready = compile_rule_set(found, settings, str(folder))
    ended = perf_counter()
    return {
        "rules": len(ready.rules),
        "load": loaded - began,
        "compile": ended - loaded,
        "memory": private_memory() - before,
    }


def private_memory() -> float:
    """MiB that only this process has."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    sizes = [int(line.split()[1]) for line in lines if line.startswith("Private_")]
    return sum(sizes) / 1024


def costs(count: int) -> Iterator[str]:
    """Lines: a first and a second start."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "rules").mkdir(mode=0o755)
        (folder / "rules" / "made_up.toml").write_text(made_up(count))
        (folder / "rules" / "made_up.toml").chmod(0o644)
        yield f"{'':8}{'rules':>7}{'read':>9}{'compile':>10}{'memory':>12}"
        for label in ("cold", "warm"):
            command = [sys.executable, "-m", "bench.rules", "--start", name]
            ran = subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
            told = json.loads(ran.stdout)
            yield (
                f"{label:8}{told['rules']:7}{told['load']:8.2f}s{told['compile']:9.2f}s"
                f"{told['memory']:8.1f} MiB"
            )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--count", type=int, default=400, help="made-up rules")
    parser.add_argument("--start", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.start is not None:
        print(json.dumps(start(options.start)))
    else:
        print("Rules at the start of a process")
        print("\n".join(costs(options.count)))


if __name__ == "__main__":
    main()
