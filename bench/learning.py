"""How well the classifiers tell spam from ham once they have learned other mail.

    python -m bench.learning                        # everything but plots
    python -m bench.learning --only dev,attack --kinds logistic --orders 5

They learn `train` and are asked about `dev`: in several orders; with large sources left out of what
is learned, which are then asked about; after few messages; with honest words appended to spam.
`bench.accuracy_mail` says where the mail is sought. It comes without what receivers have added, and
with all dates alike. 1-AUC and ECE are in percent, and so are the columns with `@`: spam caught
while that share of ham is taken for spam.
"""

import argparse
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bench.accuracy_mail import corpus, mail_of, normaliser, print_lines
from bench.learning_attack import attack
from bench.learning_cost import costs
from bench.learning_figures import HEAD, SHARES, figures_of, limit_of, row
from bench.learning_kinds import KINDS, Logistic, asked, run, trained
from bench.learning_mail import Split, read_samples, without_sources
from bench.learning_plots import Curve, Said, write_plots

SIZES = (20, 50, 200, 1000)
"""Messages of each label that are learned, for the curve."""

WIDTH = 40
"""Of the first column."""

FLOORS = (-1.0, -0.5)
"""The default, and the hardened setting."""

SHARE = SHARES[1]
"""Of the ham, for the table by source."""


class Task(NamedTuple):
    """What is measured with."""

    split: Split
    kinds: tuple[str, ...]
    orders: int
    draws: int
    said: list[Said]
    """What was said of each message asked about, for the plots."""
    curves: list[Curve]

    @property
    def labels(self) -> list[bool]:
        """Of the messages that are asked about."""
        return [one.is_spam for one in self.split.asked]


def dev(task: Task) -> Iterator[str]:
    """Learn all there is, in several orders."""
    for kind in task.kinds:
        logits = [
            asked(trained(kind, task.split.learned, order), task.split.asked)
            for order in range(task.orders)
        ]
        task.said.append(Said(kind, logits[0], task.labels))
        yield f"{kind:{WIDTH}} {row([figures_of(one, task.labels) for one in logits])}"


def sources(task: Task) -> Iterator[str]:
    """Leave one large source out."""
    everything = [*task.split.learned, *task.split.asked]
    for name, split in without_sources(everything):
        for kind in task.kinds:
            runs = [run(kind, split, order) for order in range(task.orders)]
            yield f"{f'{name} {len(split.asked)} {kind}':{WIDTH}} {row(runs)}"


def curve(task: Task) -> Iterator[str]:
    """Learn few messages, as many of one label as of the other."""
    by_label = [
        [one for one in task.split.learned if one.is_spam is label] for label in (True, False)
    ]
    least = min(map(len, by_label))
    for kind in task.kinds:
        errors = []
        for size in [size for size in SIZES if size < least]:
            runs = []
            for draw in range(task.draws):
                choice = random.Random(f"{size} {draw}")
                few = [sample for ones in by_label for sample in choice.sample(ones, size)]
                runs.append(run(kind, Split(few, task.split.asked), draw))
            errors.append((2 * size, [one.ranking_error for one in runs]))
            yield f"{f'{size} + {size} {kind}':{WIDTH}} {row(runs)}"
        runs = [run(kind, task.split, draw) for draw in range(task.draws)]
        errors.append((len(task.split.learned), [one.ranking_error for one in runs]))
        task.curves.append(Curve(kind, errors))
        yield f"{f'all {kind}':{WIDTH}} {row(runs)}"


def by_source(task: Task) -> Iterator[str]:
    """What is caught and what is wrong in each source, at the limit for all together."""
    yield f"{'source':{WIDTH}} {'kind':10} {'spam':>5} {'caught':>8} {'ham':>5} {'wrong':>5}"
    for kind in task.kinds:
        said = asked(trained(kind, task.split.learned, 0), task.split.asked)
        ham = [one for one, label in zip(said, task.labels, strict=True) if not label]
        limit = limit_of(np.array(ham), SHARE)
        found = defaultdict(list)
        for logit, sample in zip(said, task.split.asked, strict=True):
            found[sample.mail.source].append((sample.is_spam, logit > limit))
        for source, ones in sorted(found.items()):
            spam = [above for label, above in ones if label]
            honest = [above for label, above in ones if not label]
            caught = f"{100 * sum(spam) / len(spam):6.1f} %" if spam else f"{'-':>8}"
            shown = f"{len(spam):5} {caught} {len(honest):5} {sum(honest):5}"
            yield f"{source:{WIDTH}} {kind:10} {shown}"


def attacked(task: Task) -> Iterator[str]:
    """Append honest words to spam, and set the floor lower."""
    samples = attack(task.split.asked, task.split.learned)
    for kind in task.kinds:
        classifiers = [trained(kind, task.split.learned, order) for order in range(task.orders)]
        for floor in FLOORS if kind == "logistic" else FLOORS[:1]:
            for one in classifiers:
                if isinstance(one, Logistic):
                    one.floor = floor
            name = f"{kind} floor {floor}" if kind == "logistic" else kind
            runs = [figures_of(asked(one, samples), task.labels) for one in classifiers]
            yield f"{name:{WIDTH}} {row(runs)}"


def cost(task: Task) -> Iterator[str]:
    """What it costs."""
    yield from costs(task.split)


PARTS: dict[str, tuple[str, Callable[[Task], Iterator[str]]]] = {
    "dev": ("all learned, dev asked", dev),
    "source": ("the same by source, where 0.5 % of the ham are taken for spam", by_source),
    "sources": ("one source left out, and asked", sources),
    "curve": ("few learned, dev asked", curve),
    "attack": ("200 words of ham appended to spam", attacked),
    "cost": ("CPU time for small messages, in microseconds", cost),
}


def measure(given: argparse.Namespace) -> Iterator[str]:
    """Everything that was asked for, line by line; raises CorpusError."""
    script = normaliser()
    how = f"made normal by {script.name}" if script else "as they are (no MAILFILTER_NORMALISE)"
    learned, wanted = (
        read_samples(mail_of(corpus(), name, given.sample), given.jobs) for name in ("train", "dev")
    )
    yield f"train: {len(learned)} messages, dev: {len(wanted)} messages, {how}"
    task = Task(Split(learned, wanted), given.kinds, given.orders, given.draws, [], [])
    for name in given.only:
        title, part = PARTS[name]
        yield ""
        yield title if name in ("source", "cost") else f"{title:{WIDTH}} {HEAD}"
        yield from part(task)
    if given.plots:
        yield ""
        yield from write_plots(given.plots, task.said, task.curves)


def options() -> argparse.ArgumentParser:
    """The command line."""

    def some_of(known: Sequence[str]) -> Callable[[str], tuple[str, ...]]:
        def names(text: str) -> tuple[str, ...]:
            found = tuple(text.split(","))
            if strange := [name for name in found if name not in known]:
                raise argparse.ArgumentTypeError(f"{strange[0]}: expected {', '.join(known)}")
            return found

        return names

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--only", type=some_of(tuple(PARTS)), default=tuple(PARTS), metavar="A,B", help="parts"
    )
    parser.add_argument(
        "--kinds", type=some_of(tuple(KINDS)), default=tuple(KINDS), metavar="A,B", help="of them"
    )
    parser.add_argument("--orders", type=int, default=3, metavar="N", help="in which to learn")
    parser.add_argument("--draws", type=int, default=3, metavar="N", help="of few messages")
    parser.add_argument("--sample", type=int, metavar="N", help="only N messages of each set")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="processes that read")
    parser.add_argument("--plots", type=Path, metavar="DIR", help="write plots (HTML)")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures."""
    print_lines("bench.learning", measure(options().parse_args(arguments)))


if __name__ == "__main__":
    main()
