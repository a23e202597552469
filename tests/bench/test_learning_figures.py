"""Figures on classifiers, by hand."""

import numpy as np
from twisted.trial.unittest import SynchronousTestCase

from bench.learning_figures import calibration_error, figures_of, limit_of, mean_of, row


class FiguresTests(SynchronousTestCase):
    """What is told of a run."""

    def test_ranking(self) -> None:
        """Of four pairs one is in the wrong order, and one is a tie."""
        found = figures_of([2.0, 0.5, 0.5, 1.0], [True, True, False, False])
        self.assertEqual(found.ranking_error, 100 * 1.5 / 4)

    def test_caught(self) -> None:
        """No more ham than the share is above the limit: of a thousand one, five, ten."""
        ham = [float(number) for number in range(1000)]
        spam = [998.5, 995.5, 989.5, 0.0]
        found = figures_of(ham + spam, [False] * 1000 + [True] * 4)
        self.assertEqual(found.caught, (25.0, 50.0, 75.0))
        limit = limit_of(np.array(ham), 0.005)
        self.assertEqual(sum(one > limit for one in ham), 5)

    def test_log_loss(self) -> None:
        """What knows nothing loses ln 2; what is surely wrong does not lose endlessly."""
        self.assertAlmostEqual(figures_of([0.0, 0.0], [True, False]).log_loss, np.log(2))
        self.assertAlmostEqual(figures_of([-99.0, 99.0], [True, False]).log_loss, np.log(1e6))

    def test_calibration(self) -> None:
        """Of four with 0.75 three are spam: nothing is off; of four with 0.05 two are."""
        chances = np.array([0.75] * 4 + [0.05] * 4)
        is_spam = np.array([True, True, True, False, True, True, False, False])
        self.assertAlmostEqual(calibration_error(chances, is_spam), 0.45 * 4 / 8)

    def test_rows(self) -> None:
        """Of several runs the mean, and the range of what is ranked wrongly."""
        one = figures_of([2.0, 1.0], [True, False])
        other = figures_of([1.0, 2.0], [True, False])
        self.assertEqual(mean_of([one, other]).ranking_error, 50)
        self.assertIn("1-AUC 0.000 to 100.000", row([one, other]))
        self.assertNotIn("1-AUC", row([one]))
