"""Aggregate reports of DMARC: what is said of settings that they cannot be sent by."""

from tests.config.case import ConfigCase

GOOD = """[dmarc_reports]
enabled = true
organization = "Example"
address = "reports@example.org"
"""


class RuleTests(ConfigCase):
    def test_usual(self) -> None:
        self.load("")
        self.load(GOOD)
        self.load(GOOD + 'bcc = ["a.b+c@mail.example.org"]\n')

    def test_missing(self) -> None:
        """Who reports must be told, but only where reports are wanted."""
        self.load("[dmarc_reports]\nsmtp_port = 26\n")
        self.assertEqual(
            self.problems("[dmarc_reports]\nenabled = true\n"),
            [
                'dmarc_reports.address = "": expected an address such as'
                " dmarc-reports@example.org: reports come from it",
                'dmarc_reports.organization = "": expected a name: reports say who makes them',
            ],
        )

    def test_addresses(self) -> None:
        """They go into commands of SMTP as they stand."""
        for text in ("@example.org", "a@b", "a b@example.org", "ä@example.org"):
            for key, value in (("address", f"'{text}'"), ("bcc", f"['{text}']")):
                found = self.problems(f"[dmarc_reports]\n{key} = {value}\n")
                self.assertEqual(len(found), 1, text)
                self.assertIn("expected", found[0])

    def test_helo(self) -> None:
        self.load('[dmarc_reports]\nhelo = "filter.example.org"\n')
        for text in ("a b", "ä", "a\\r\\nMAIL FROM:<>"):
            self.assertEqual(len(self.problems(f'[dmarc_reports]\nhelo = "{text}"\n')), 1)

    def test_nothing_to_report(self) -> None:
        """What reports are made of is off."""
        self.assertEqual(self.load(GOOD).warnings, ())
        off = "[checks.dmarc]\nenabled = false\n"
        self.assertEqual(self.load(off).warnings, ())
        (found,) = self.load(GOOD + off).warnings
        self.assertIn("checks.dmarc.enabled = false: dmarc_reports.enabled = true", str(found))
