"""Figures on how well a classifier tells spam from ham."""

from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SHARES = (0.001, 0.005, 0.01)
"""Of the ham, what may be taken for spam."""

BINS = 10
"""Of probabilities, for the error of calibration."""

_STEEP = 35.0
_LEAST = 1e-6


class Figures(NamedTuple):
    """What is told of a run; all but `log_loss` in percent."""

    ranking_error: float
    """1 - AUC: how often a ham is ranked above a spam."""
    caught: tuple[float, ...]
    """Spam above the limits at which `SHARES` of the ham are."""
    log_loss: float
    calibration_error: float
    """ECE: what a probability is off by, in the mean over the messages."""

    def __str__(self) -> str:
        shares = " ".join(f"{share:5.1f}" for share in self.caught)
        errors = f"{self.log_loss:.4f} {self.calibration_error:5.2f}"
        return f"{self.ranking_error:6.3f}  {shares}  {errors}"


HEAD = f"{'1-AUC':>6}  " + " ".join(f"@{100 * share:<4g}" for share in SHARES) + "  log l.   ECE"


def figures_of(logits: Sequence[float], labels: Sequence[bool]) -> Figures:
    """The figures of some messages, of which some are spam and some are not."""
    said, is_spam = np.asarray(logits, float), np.asarray(labels, bool)
    spam, ham = said[is_spam], said[~is_spam]
    caught = tuple(100 * float((spam > limit_of(ham, share)).mean()) for share in SHARES)
    chances = probabilities(said)
    right = np.where(is_spam, chances, 1 - chances)
    return Figures(
        100 * ranking_error(spam, ham),
        caught,
        float(-np.log(np.maximum(right, _LEAST)).mean()),
        100 * calibration_error(chances, is_spam),
    )


def limit_of(ham: NDArray[np.float64], share: float) -> float:
    """The limit above which no more than a share of the ham is."""
    return float(np.sort(ham)[::-1][int(share * len(ham))])


def ranking_error(spam: NDArray[np.float64], ham: NDArray[np.float64]) -> float:
    """The chance that of a spam and a ham the ham is ranked higher; a tie counts half."""
    ham = np.sort(ham)
    above = len(ham) - np.searchsorted(ham, spam, "right")
    equal = len(ham) - np.searchsorted(ham, spam, "left") - above
    return float((above + equal / 2).mean() / len(ham))


def probabilities(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of spam."""
    chances: NDArray[np.float64] = 1 / (1 + np.exp(-np.clip(logits, -_STEEP, _STEEP)))
    return chances


def calibration_error(chances: NDArray[np.float64], is_spam: NDArray[np.bool_]) -> float:
    """How far probabilities are from the share of spam among messages that have about the same."""
    bins = np.minimum((chances * BINS).astype(int), BINS - 1)
    off = [
        abs(float((chances[bins == one] - is_spam[bins == one]).sum()))
        for one in set(bins.tolist())
    ]
    return sum(off) / len(chances)


def mean_of(runs: Sequence[Figures]) -> Figures:
    """The mean of several runs."""
    caught = tuple(fmean(one) for one in zip(*(run.caught for run in runs), strict=True))
    return Figures(
        fmean(run.ranking_error for run in runs),
        caught,
        fmean(run.log_loss for run in runs),
        fmean(run.calibration_error for run in runs),
    )


def row(runs: Sequence[Figures]) -> str:
    """The mean, and the range of the ranking error if there are several."""
    errors = [run.ranking_error for run in runs]
    spread = f"   1-AUC {min(errors):.3f} to {max(errors):.3f}" if len(runs) > 1 else ""
    return f"{mean_of(runs)}{spread}"
