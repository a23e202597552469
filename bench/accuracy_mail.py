"""Labelled mail to measure accuracy with: where it is, what it is, and from which source.

The folder that `MAILFILTER_CORPUS` names has `train` and `dev`, each with `spam` and `ham`.
`MAILFILTER_NORMALISE` names a script with a function `run(raw, redate)` that takes from a message
what its receivers have added, by which one could guess the label. `MANIFEST.tsv` or
`MANIFEST.tsv.xz` beside that script, or in the folder, says from which source a message is.
"""

import csv
import lzma
import os
import random
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import NamedTuple, cast

LABELS = ("spam", "ham")

WRONG_LABELS = frozenset(
    {
        *("bf803cfb07e2", "d9d3286eadd8", "8b92b897c403", "f614531ace17", "c85f7668d71a"),
        *("85015f0eec3f", "c497af54f0a6", "3a31b649fd1f", "dce4ca100571"),
    }
)
"""Names of messages that are labelled wrongly: they say nothing of accuracy."""

UNKNOWN = "unknown"


class Mail(NamedTuple):
    """One message."""

    path: Path
    label: str
    source: str

    @property
    def is_spam(self) -> bool:
        """Whether its label says so."""
        return self.label == "spam"


class CorpusError(Exception):
    """There is no mail to measure with; the text says what is missing."""


def corpus() -> Path:
    """The folder with the mail; raises CorpusError."""
    named = os.environ.get("MAILFILTER_CORPUS")
    if not named:
        raise CorpusError("MAILFILTER_CORPUS is not set")
    return Path(named)


def normaliser() -> Path | None:
    """The script that makes messages normal, if there is one."""
    named = os.environ.get("MAILFILTER_NORMALISE")
    return Path(named) if named else None


def mail_of(folder: Path, name: str, sample: int | None = None) -> list[Mail]:
    """The messages of a set (`train`, `dev`) by path, or a sample that is always the same.

    Raises CorpusError.
    """
    sources = _sources(folder)
    found = [
        Mail(path, label, sources.get(f"{name}/{label}/{path.name}", UNKNOWN))
        for label in LABELS
        for path in sorted((folder / name / label).glob("*.eml"))
        if path.stem not in WRONG_LABELS
    ]
    if not found:
        raise CorpusError(f"{folder / name}: expected folders spam and ham with *.eml")
    if sample is None or sample >= len(found):
        return found
    return sorted(random.Random(1).sample(found, sample))


def read_mail(path: Path, redate: bool = False) -> bytes:
    """A message as it would come to the filter: normal, with CRLF.

    With `redate` all dates are made alike too: how old a message is must not tell its label.
    """
    raw = _normalise()(path.read_bytes(), redate)
    return raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _sources(folder: Path) -> dict[str, str]:
    script = normaliser()
    folders = [folder, *([script.parent] if script else [])]
    for path in [place / f"MANIFEST.tsv{end}" for place in folders for end in ("", ".xz")]:
        if path.exists():
            return dict(_rows(path))
    return {}


def _rows(path: Path) -> Iterator[tuple[str, str]]:
    opened = lzma.open if path.suffix == ".xz" else open
    with opened(path, "rt", encoding="utf-8") as lines:
        for row in csv.DictReader(cast("Sequence[str]", lines), delimiter="\t"):
            yield row["path"], row["source"]


@cache
def _normalise() -> Callable[[bytes, bool], bytes]:
    path = normaliser()
    if path is None:
        return lambda raw, redate: raw
    spec = spec_from_file_location("normalise", path)
    if spec is None or spec.loader is None:
        raise CorpusError(f"{path}: expected a script in Python")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return lambda raw, redate: cast("bytes", module.run(raw, redate))


def print_lines(name: str, lines: Iterable[str]) -> None:
    """Print lines as they come; what is wrong with the corpus ends the program."""
    try:
        for line in lines:
            print(line, flush=True)
    except CorpusError as error:
        sys.exit(f"{name}: {error}")
