"""Urgency."""

from mailfilter.checks.priority import Priority

from .header_case import HeaderCase


class PriorityTests(HeaderCase):
    check = Priority

    def test_symbols(self) -> None:
        values = {"ZERO": ["0"], "ONE": ["1", "1 (Highest)"], "TWO": ["2"], "THREE": ["3", "4"]}
        values["FIVE"] = ["5", "99"]
        none = ["X: y", "X-Priority:", "X-Priority: high", f"X-Priority: {'1' * 5000}"]
        self.compare(
            {
                f"HAS_X_PRIO_{name}": (
                    [f"X-Priority: {value}" for value in values[name]],
                    none
                    + [
                        f"X-Priority: {one}" for key in values if key != name for one in values[key]
                    ],
                )
                for name in values
            }
        )
