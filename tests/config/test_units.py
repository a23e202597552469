"""Durations and sizes as text."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config import format_duration, format_size, parse_duration, parse_size

from .case import EXAMPLES


class DurationTests(SynchronousTestCase):
    """Seconds as text."""

    def test_parse(self) -> None:
        """Units, fractions and sums."""
        for text, seconds in (
            ("0s", 0.0),
            ("250ms", 0.25),
            ("8s", 8.0),
            ("1.5s", 1.5),
            ("5m", 300.0),
            ("1h30m", 5400.0),
            ("1d2h3m4s5ms", 93784.005),
            ("2w", 1209600.0),
            ("0.1s", 0.1),
        ):
            self.assertEqual(parse_duration(text), seconds, text)

    def test_refused(self) -> None:
        """No unit, unknown units, wrong order, signs, blanks, endless digits."""
        for text in (
            *("", "8", "s", "8 s", " 8s", "8s ", "-8s", "+8s", "8S", "5M", "8sec", "1e3s", ".5s"),
            *("5s.", "1m1h", "1s1s", "1.s", "٨s", "1h 30m", "8s\n", "9" * 50 + "s", "nan", "infs"),
        ):
            self.assertRaises(ValueError, parse_duration, text)

    def test_format(self) -> None:
        """The text that a person would write."""
        for seconds, text in (
            (0.0, "0s"),
            (0.1, "100ms"),
            (0.0005, "0.5ms"),
            (1.5, "1.5s"),
            (60.0, "1m"),
            (90.5, "1m30.5s"),
            (600.0, "10m"),
            (3600, "1h"),
            (86400.0, "1d"),
            (93784.0, "1d2h3m4s"),
        ):
            self.assertEqual(format_duration(seconds), text)

    @EXAMPLES
    @given(st.integers(0, 10**13))
    def test_round_trip(self, microseconds: int) -> None:
        """What is written is read back, to the microsecond."""
        seconds = microseconds / 10**6
        self.assertEqual(parse_duration(format_duration(seconds)), seconds)


class SizeTests(SynchronousTestCase):
    """Octets as text."""

    def test_parse(self) -> None:
        """Both kinds of units."""
        for text, octets in (
            ("0B", 0),
            ("512B", 512),
            ("64KiB", 65536),
            ("50MiB", 50 * 2**20),
            ("1.5GiB", 3 * 2**29),
            ("10MB", 10**7),
            ("10 MB", 10**7),
            ("1TiB", 2**40),
            ("1KB", 1000),
        ):
            self.assertEqual(parse_size(text), octets, text)

    def test_refused(self) -> None:
        """No unit, unknown units, parts of an octet."""
        for text in (
            *("", "50", "MiB", "50M", "50mb", "50mib", "-1B", "1.5B", "0.0001KB", "1e3B", "1B1B"),
            *("50  MiB", "50MiB\n", "9" * 50 + "B", "٥B"),
        ):
            self.assertRaises(ValueError, parse_size, text)

    def test_format(self) -> None:
        """The largest binary unit that divides it."""
        for octets, text in ((0, "0B"), (1000, "1000B"), (65536, "64KiB"), (50 * 2**20, "50MiB")):
            self.assertEqual(format_size(octets), text)

    @EXAMPLES
    @given(st.integers(0, 2**60))
    def test_round_trip(self, octets: int) -> None:
        """What is written is read back."""
        self.assertEqual(parse_size(format_size(octets)), octets)
