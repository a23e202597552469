"""Whether the filter bears what happens to it: `python -m bench.soak [--only reload,kill]`.

Starts real filters, lets clients of all kinds ask them without end, and reloads, kills, stops and
measures. Each part prints a line; the exit status is that of the worst. Everything is on this
machine alone. The part with Postfix needs root and `python -m tests.live.peers fetch`.
"""

import argparse
import sys
import time
from collections.abc import Callable

from . import soak_costs, soak_ends, soak_faults, soak_postfix
from .soak_faults import Options, Result

PARTS: dict[str, Callable[[Options], Result]] = {
    "reload": soak_faults.reload,
    "kill": soak_faults.kill,
    "postfix": soak_postfix.postfix,
    "stop": soak_ends.stop,
    "broken": soak_faults.broken,
    "term": soak_ends.term,
    "spin": soak_faults.spin,
    "cpu": soak_costs.cpu,
    "memory": soak_costs.memory,
}


def parts_of(text: str) -> list[str]:
    """Names of parts, from a list with commas. Raises ArgumentTypeError."""
    names = text.split(",")
    if unknown := set(names) - PARTS.keys():
        known = ", ".join(PARTS)
        raise argparse.ArgumentTypeError(f"no {', '.join(sorted(unknown))}; there are {known}")
    return names


def result_of(name: str, options: Options) -> Result:
    """Run a part; what breaks it is a failure of the part."""
    try:
        return PARTS[name](options)
    except Exception as error:
        return Result(False, f"{type(error).__name__}: {error}")


def main() -> None:
    """Run the parts that are wanted."""
    parser = argparse.ArgumentParser(description="Try what the filter bears, under load.")
    parser.add_argument("--only", type=parts_of, default=list(PARTS), help="parts, with commas")
    parser.add_argument("--requests", type=int, default=20_000, help="at least, during reloads")
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    options = Options(args.requests, args.workers)
    is_good = True
    for name in args.only:
        begun = time.monotonic()
        result = result_of(name, options)
        verdict = "PASS" if result.is_good else "FAIL"
        print(f"{name:9}{verdict}  {result.text}; {time.monotonic() - begun:.0f} s", flush=True)
        is_good &= result.is_good
    sys.exit(0 if is_good else 1)


if __name__ == "__main__":
    main()
