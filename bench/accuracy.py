"""How much spam the rules catch, and how much honest mail they take for spam.

    python -m bench.accuracy                        # figures for dev
    python -m bench.accuracy --set train --sample 1000
    python -m bench.accuracy --set train --symbols SUBJ_ALL_CAPS,MIME_HTML_ONLY
    python -m bench.accuracy --set train --rules mailfilter/etc/rules/headers.toml
    python -m bench.accuracy --wrong --missed       # messages on the wrong side of 6
    python -m bench.accuracy --peers                # beside Debian's rspamd and SpamAssassin

Rules and checks alone: no DNS, no network, nothing learned. `bench.accuracy_mail` says where the
mail is sought. `--rules` tries files of rules without all others. `--dump` writes one line of JSON
for each message: its path, label, source, score, and symbols with their scores; with `--peers` for
each of them to a file beside it.
"""

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.accuracy_mail import Mail, corpus, mail_of, normaliser, print_lines
from bench.accuracy_peers import PEERS
from bench.accuracy_scan import Ready, Scored, built_in, only_rules, scan_all

LIMITS = (6.0, 15.0)
"""Scores from which a message is marked, and refused."""


class Counts(NamedTuple):
    """Of some messages, how many are spam and ham, and how many of those have a score."""

    spam: int
    ham: int
    caught: tuple[int, ...]
    wrong: tuple[int, ...]


def count(found: Iterable[Scored]) -> Counts:
    """Count the messages at each of the limits."""
    scores: dict[bool, list[float]] = {True: [], False: []}
    for one in found:
        scores[one.mail.is_spam].append(one.score)
    caught, wrong = (
        tuple(sum(score >= limit for score in scores[is_spam]) for limit in LIMITS)
        for is_spam in (True, False)
    )
    return Counts(len(scores[True]), len(scores[False]), caught, wrong)


def percent(part: int, whole: int) -> str:
    """A share of messages; nothing of nothing is none."""
    return f"{part:5} {100 * part / whole:6.2f} %" if whole else f"{'-':>5} {'':8}"


def table(found: Sequence[Scored]) -> Iterator[str]:
    """What is caught and what is wrong: of all, and of each source."""
    by_source = defaultdict(list)
    for one in found:
        by_source[one.mail.source].append(one)
    heads = [f"{what} at {limit:g}" for what in ("spam", "ham") for limit in LIMITS]
    yield f"{'source':44} {'spam':>6} {'ham':>6}  " + " ".join(f"{head:>14}" for head in heads)
    for source, ones in [("all", list(found)), *sorted(by_source.items())]:
        counts = count(ones)
        shares = [percent(number, counts.spam) for number in counts.caught]
        shares += [percent(number, counts.ham) for number in counts.wrong]
        yield f"{source:44} {counts.spam:6} {counts.ham:6}  " + " ".join(shares)


def symbol_table(
    ready: Ready, found: Sequence[Scored], only: Sequence[str], most: int
) -> Iterator[str]:
    """How often each symbol fires in spam and in ham; those first that tell most apart."""
    hits = {label: Counter[str]() for label in ("spam", "ham")}
    for one in found:
        hits[one.mail.label].update(list(one.symbols))
    counts = count(found)
    spam, ham = max(counts.spam, 1), max(counts.ham, 1)

    def gap(name: str) -> float:
        return abs(hits["spam"][name] / spam - hits["ham"][name] / ham)

    names = only or sorted({*hits["spam"], *hits["ham"]}, key=gap, reverse=True)[: most or None]
    yield f"{'symbol':40} {'score':>6}  {'group':20} {'spam':>14} {'ham':>14} {'precision':>10}"
    for name in names:
        info = ready.plan.symbols.get(name)
        score, group = (f"{info.score:6.2f}", info.group) if info else ("     -", "unknown")
        in_spam, in_ham = hits["spam"][name], hits["ham"][name]
        # As if there were as much spam as ham.
        shares = in_spam / spam, in_ham / ham
        precision = f"{shares[0] / sum(shares):10.3f}" if any(shares) else f"{'-':>10}"
        yield (
            f"{name:40} {score}  {group:20} {percent(in_spam, spam)} {percent(in_ham, ham)}"
            f" {precision}"
        )


def message_lines(found: Iterable[Scored], *, is_spam: bool) -> Iterator[str]:
    """The messages of a label on the wrong side of the first limit, with what was found."""
    for one in found:
        if one.mail.is_spam is is_spam and (one.score >= LIMITS[0]) is not is_spam:
            ranked = sorted(one.symbols.items(), key=lambda item: -abs(item[1]))
            told = " ".join(f"{name}({score:g})" for name, score in ranked)
            yield f"{one.score:6.2f} {one.mail.path} {one.mail.source} {told}"


def dump(path: Path, found: Iterable[Scored]) -> None:
    """Write what was found of each message."""
    with path.open("w", encoding="utf-8") as file:
        for one in found:
            row = {"path": str(one.mail.path), "label": one.mail.label, "source": one.mail.source}
            file.write(json.dumps({**row, "score": one.score, "symbols": one.symbols}) + "\n")


def measure(given: argparse.Namespace) -> Iterator[str]:
    """Everything that was asked for, line by line; raises CorpusError."""
    mails = mail_of(corpus(), given.set, given.sample)
    script = normaliser()
    yield f"{given.set}: {len(mails)} messages, " + (
        f"made normal by {script.name}" if script else "as they are (no MAILFILTER_NORMALISE)"
    )
    ready = only_rules(given.rules) if given.rules else built_in()
    yield from (f"trouble: {text}" for text in ready.troubles)
    found = list(scan_all(ready, mails, given.jobs))
    yield from table(found)
    yield ""
    yield from symbol_table(ready, found, given.symbols, given.top)
    for is_wanted, is_spam, title in (
        (given.wrong, False, "ham taken for spam:"),
        (given.missed, True, "spam not caught:"),
    ):
        if is_wanted:
            yield from ("", title, *message_lines(found, is_spam=is_spam))
    if given.dump:
        dump(given.dump, found)
    if given.peers:
        yield ""
        yield from compare(mails, found, given.dump)


def compare(mails: Sequence[Mail], found: Sequence[Scored], path: Path | None) -> Iterator[str]:
    """What others find of the same messages, each from its own default limit."""
    yield f"{'filter':14} {'limit':>5} {'spam caught':>16} {'ham taken':>16}"
    yield comparison("mailfilter", LIMITS[0], found)
    for peer in PEERS:
        if why := peer.why_missing():
            yield f"{peer.name:14} left out: {why}"
            continue
        theirs = list(peer.scan(mails))
        yield comparison(peer.name, peer.limit, theirs)
        if path:
            dump(path.with_suffix(f".{peer.name}{path.suffix}"), theirs)


def comparison(name: str, limit: float, found: Sequence[Scored]) -> str:
    """A line on one filter."""
    shares = []
    for is_spam in (True, False):
        scores = [one.score for one in found if one.mail.is_spam is is_spam]
        shares.append(percent(sum(score >= limit for score in scores), len(scores)))
    return f"{name:14} {limit:5g} {shares[0]:>16} {shares[1]:>16}"


def options() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--set", default="dev", choices=("dev", "train"))
    parser.add_argument("--sample", type=int, metavar="N", help="only N of the messages")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="processes")
    parser.add_argument(
        "--symbols", type=lambda text: text.split(","), default=[], metavar="A,B", help="only these"
    )
    parser.add_argument("--top", type=int, default=80, metavar="N", help="symbols told; 0 is all")
    parser.add_argument("--rules", type=Path, nargs="+", metavar="FILE", help="only these rules")
    parser.add_argument("--wrong", action="store_true", help="list ham taken for spam")
    parser.add_argument("--missed", action="store_true", help="list spam not caught")
    parser.add_argument("--peers", action="store_true", help="also ask rspamd and SpamAssassin")
    parser.add_argument("--dump", type=Path, metavar="FILE", help="write JSON lines")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures."""
    print_lines("bench.accuracy", measure(options().parse_args(arguments)))


if __name__ == "__main__":
    main()
