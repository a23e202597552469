"""Long subjects."""

from mailfilter.checks.long_subject import LONGEST, LongSubject

from .header_case import HeaderCase


class LongSubjectTests(HeaderCase):
    check = LongSubject

    def test_symbols(self) -> None:
        self.compare(
            {
                "LONG_SUBJ": (
                    [f"Subject: {'a' * (LONGEST + 1)}", f"Subject: {'ab ' * LONGEST}"],
                    [f"Subject: {'ü' * LONGEST}", "Subject:", "X: y"],
                )
            }
        )
