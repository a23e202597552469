"""What does a message resemble more: the spam that was learned, or the ham?"""

from ..classifier.features import features_of
from ..classifier.model import FLOOR, probability
from ..classifier.reasons import Reason, reasons
from ..scan.check import Check, Findings, Given, Hit, Note, Stage, Symbol
from ..scan.networks import local_networks
from ..scan.task import Task
from ._options import read_flag, read_number

SPAM_CAP = 5.1
HAM_CAP = 3.0
STRANGER_CAP = 1.0
"""Of ham from whom nobody vouches for: text is copied easily."""

UNSURE = 0.5
"""Logit up to which nothing is said."""

STEEP = 1.2
"""Points for each unit of the logit beyond."""

HALF = 50
"""Messages of the rarer class that have to be learned for half the points."""

HARDENED = -0.5
"""What text may say for ham at most, where spammers are known to append honest text."""

_VOUCHING = ("DMARC_POLICY_ALLOW", "R_DKIM_ALLOW")


class Classifier(Check):
    """Fires by what has been learned, as soon as that is enough messages of each class."""

    name = "classifier"
    stage = Stage.CLASSIFY
    symbols = {
        "BAYES_SPAM": Symbol(SPAM_CAP, "statistics", "resembles the spam that was learned"),
        "BAYES_HAM": Symbol(-HAM_CAP, "statistics", "resembles the ham that was learned"),
    }
    options = ("min_learns", "hardened", "reasons")

    def __init__(self, given: Given) -> None:
        super().__init__(given)
        self._least = read_number(given.options, "min_learns", 20, 1, 1_000_000)
        self._floor = HARDENED if read_flag(given.options, "hardened", False) else FLOOR
        self._tells_why = read_flag(given.options, "reasons", True)
        self._local = local_networks(given.scan.local_networks)

    def run(self, task: Task) -> Findings:
        state = self.given.classifier.state()
        least = min(state.spam, state.ham)
        model = self.given.classifier.model()
        if model is None or least < self._least:
            return [Note(f"{state.spam} spam and {state.ham} ham learned, of {self._least} each")]
        features = features_of(task.message)
        logits = model.logits(features)
        logit = model.combined(logits, self._floor)
        points, trust = STEEP * max(0.0, abs(logit) - UNSURE), least / (least + HALF)
        told = (f"{probability(logit):.2%}", f"learned {state.spam} spam, {state.ham} ham")
        notes = [Note(f"joint {logits.joint:.2f}, text {logits.text:.2f}, rest {logits.rest:.2f}")]
        if not points:
            return notes
        if self._tells_why:
            notes += _told(reasons(task.message, features, model))
        if logit > 0:
            return [Hit("BAYES_SPAM", min(SPAM_CAP, points) / SPAM_CAP * trust, told), *notes]
        cap = HAM_CAP if self._is_vouched_for(task) else STRANGER_CAP
        return [Hit("BAYES_HAM", min(cap, points) / HAM_CAP * trust, told), *notes]

    def _is_vouched_for(self, task: Task) -> bool:
        """Whether it is known who has sent the message."""
        origin = task.origin
        is_ours = origin.is_authenticated or (origin.ip is not None and origin.ip in self._local)
        return is_ours or any(task.has(symbol) for symbol in _VOUCHING)


def _told(found: list[Reason]) -> list[Note]:
    """Why, in words."""
    spam = ", ".join(reason.text for reason in found if reason.weight > 0)
    ham = ", ".join(reason.text for reason in found if reason.weight < 0)
    return [Note(f"for {label}: {text}") for label, text in (("spam", spam), ("ham", ham)) if text]
