"""CPU time of what is read of text and HTML.

    python -m bench.text DIR          # microseconds per message, over the *.eml below DIR
    python -m bench.text --hostile    # milliseconds for hostile documents of one MiB

The messages are split by size as `bench.mail_parse` splits them. Each step is measured by itself.
"""

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import mean, median
from time import process_time

from bench.mail_parse import by_size
from mailfilter.mail import HtmlView, Limits, Message, parse
from mailfilter.mail.html_budget import HtmlBudget
from mailfilter.mail.html_walk import read_html
from mailfilter.mail.text import Text
from tests.mail.html_shapes import SHAPES

Step = Callable[[Message], object]


def fresh(raw: bytes) -> Message:
    """A message of which no text was asked for, but all characters are decoded."""
    message = parse(raw)
    for part in message.text_parts:
        _ = part.text
    return message


def html(message: Message) -> object:
    """The view of each HTML part."""
    return [part.html for part in message.text_parts]


def visible(message: Message) -> object:
    """The text of the message."""
    return message.text.visible


def words(message: Message) -> object:
    """Its words."""
    return message.text.words


def scripts(message: Message) -> object:
    """Its scripts."""
    return message.text.scripts


STEPS: tuple[Step, ...] = (html, visible, words, scripts)


def costs(raws: Sequence[bytes]) -> dict[str, float]:
    """Microseconds per message of each step, which have the ones before done already."""
    found = {}
    messages = [fresh(raw) for raw in raws]
    for step in STEPS:
        start = process_time()
        for message in messages:
            step(message)
        found[step.__name__] = (process_time() - start) / len(messages) * 1e6
    return found


def print_corpus(top: Path, rounds: int, most: int) -> None:
    """Print the table for the messages below a directory."""
    for name, raws in by_size(top).items():
        raws = raws[:: max(len(raws) // most, 1)][:most]
        if not raws:
            print(f"{name}: no messages")
            continue
        print(f"{name}: {len(raws)} messages of {mean(map(len, raws)):.0f} octets (mean)")
        tables = [costs(raws) for _ in range(rounds)]
        for step in STEPS:
            found = [table[step.__name__] for table in tables]
            print(f"  {step.__name__:10} min {min(found):7.1f} us   median {median(found):7.1f} us")


def milliseconds(work: Callable[[], object]) -> float:
    """The better of two."""
    found = []
    for _ in range(2):
        start = process_time()
        work()
        found.append((process_time() - start) * 1000)
    return min(found)


def read_whole(source: str) -> HtmlView:
    """Read a document, however long it is, within the other limits."""
    return read_html(source, HtmlBudget(len(source), Limits().html_tags))


def print_hostile(size: int) -> None:
    """Print milliseconds for each hostile document: the view, and text and words of a message."""
    print(f"{'milliseconds':24}{'view':>8}{'words':>8}")
    for name, shape in SHAPES.items():
        source = shape(size)
        raw = b"Content-Type: text/html; charset=utf-8\n\n" + source.encode()
        text: Text = fresh(raw).text
        _ = text.visible
        view = milliseconds(partial(read_whole, source))
        start = process_time()
        _ = (text.words, text.scripts, text.lines)
        print(f"{name:24}{view:8.1f}{(process_time() - start) * 1000:8.1f}")


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("directory", nargs="?", type=Path, help="where the *.eml files are")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--most", type=int, default=400, help="messages of each size")
    parser.add_argument("--hostile", action="store_true", help="hostile documents instead")
    parser.add_argument("--size", type=int, default=1024 * 1024, help="characters of a document")
    options = parser.parse_args()
    if options.hostile:
        print_hostile(options.size)
    elif options.directory is not None:
        print_corpus(options.directory, options.rounds, options.most)
    else:
        parser.error("give a directory, or --hostile")


if __name__ == "__main__":
    main()
