"""Evaluations over a zone, with what they ask and how often they let others have their turn."""

from typing import TypeVar

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.auth.drive import Evaluation
from mailfilter.codec.dns_answer import Answer, DnsError, Question
from mailfilter.testing.fake_dns import FakeDns

T = TypeVar("T")


class EvaluationCase(SynchronousTestCase):
    """Runs evaluations by the records of `ZONE`."""

    ZONE = ""

    def setUp(self) -> None:
        """A zone that counts."""
        self.dns = FakeDns(self.ZONE)
        self.pauses = 0
        self.rounds: list[tuple[Question, ...]] = []

    def run_evaluation(self, evaluation: Evaluation[T]) -> T:
        """What it returns."""
        try:
            asks = next(evaluation)
            while True:
                if asks:
                    self.rounds.append(asks)
                else:
                    self.pauses += 1
                asks = evaluation.send(tuple(map(self._answer, asks)))
        except StopIteration as stop:
            found: T = stop.value
            return found

    def _answer(self, question: Question) -> Answer | DnsError:
        waiting = self.dns.lookup(question)
        try:
            waiting.send(None)
        except StopIteration as stop:
            answer: Answer = stop.value
            return answer
        except DnsError as error:
            return error
        raise AssertionError("it waits")
