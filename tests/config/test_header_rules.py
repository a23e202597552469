"""Header fields that a configuration adds and removes."""

from .case import ConfigCase

TAKEN = "expected a name that mail does not use: fields of it are removed"
FIELD = 'expected the name of a header field such as "X-Mailfilter-Trace"'


class HeaderProblemTests(ConfigCase):
    """What is refused."""

    def assert_problem(self, text: str, expected: str) -> None:
        """One problem, of the line below `[headers]`."""
        self.assertEqual(self.problems(f"[headers]\n{text}"), [f"m.toml:2: headers.{expected}"])

    def test_good(self) -> None:
        """Names of all kinds of fields, and what is empty is the usual one."""
        names = (
            'x-spamd-bar = "X-Bar", authentication-results = "authentication-RESULTS",'
            ' received-spf = "RECEIVED-SPF"'
        )
        loaded = self.load(
            "[headers]\n"
            "use = ['x-spamd-bar', 'authentication-results', 'received-spf', 'add-headers']\n"
            f"names = {{ {names}, remove-spam-flag = '' }}\nadd = {{ X-A = 'Grüße' }}\n"
            "authserv_id = 'bücher.example'"
        )
        self.assertEqual(loaded.warnings, ())

    def test_routines(self) -> None:
        """Keys of names are routines that have a field."""
        self.assert_problem(
            'names = { x-spam-bar = "X-Bar" }',
            "names.x-spam-bar: expected the name of a routine, as in headers.use;"
            " did you mean x-spamd-bar?",
        )
        self.assert_problem(
            'names = { add-headers = "X-Bar" }',
            "names.add-headers: this routine has no field of its own;"
            " see headers.add and headers.remove",
        )

    def test_taken(self) -> None:
        """No field that mail needs, in any case."""
        self.assert_problem(
            'names = { x-spamd-bar = "subject" }', f'names.x-spamd-bar = "subject": {TAKEN}'
        )
        self.assert_problem(
            'names = { x-virus = "Authentication-Results" }',
            f'names.x-virus = "Authentication-Results": {TAKEN}',
        )
        self.assert_problem('add = { List-Id = "x" }', f"add.List-Id: {TAKEN}")
        self.assert_problem("remove = { RECEIVED = 1 }", f"remove.RECEIVED: {TAKEN}")

    def test_spam_header(self) -> None:
        """Nor for the mark of a listener."""
        (problem,) = self.problems("[listeners.milter]\nspam_header = 'To'")
        self.assertIn(f'listeners.milter.spam_header = "To": {TAKEN}', problem)

    def test_fields(self) -> None:
        """What may be no field at all."""
        self.assert_problem(
            'names = { x-virus = "X Virus" }',
            f'names.x-virus = "X Virus": {FIELD}; did you mean "XVirus"?',
        )
        self.assert_problem("add = { 'X A' = 'x' }", f'add."X A": {FIELD}')
        self.assert_problem("remove = { 'X:A' = 0 }", f'remove."X:A": {FIELD}')
        (problem,) = self.problems("[headers]\nremove = { X-A = 128 }")
        self.assertIn("expected an integer from -127 to 127", problem)

    def test_texts(self) -> None:
        """What stands for points and viruses is ASCII; the server has a name."""
        for key in ("bar_positive", "level_char", "spam_value", "virus_infected"):
            for text in ("ü", "\\n"):
                self.assert_problem(
                    f'{key} = "{text}"', f'{key} = "{text}": expected printable ASCII'
                )
        for text in ("a b", "a\\tb", "x" * 256):
            (problem,) = self.problems(f'[headers]\nauthserv_id = "{text}"')
            self.assertTrue(problem.endswith(": expected the name of a server"), problem)

    def test_told_once(self) -> None:
        """A table that is wrong already is not complained about again."""
        self.assertEqual(len(self.problems("[headers]\nadd = { From = 1 }")), 1)


class HeaderWarningTests(ConfigCase):
    """What is allowed and does not what was meant."""

    def assert_warning(self, text: str, *expected: str) -> None:
        """The warnings for a table `[headers]`, without their places."""
        found = [str(item) for item in self.load(f"[headers]\n{text}").warnings]
        told = [item.partition(": ")[2] for item in found]
        self.assertEqual(told, [f"headers.{item}" for item in expected])

    def test_not_in_use(self) -> None:
        """Lists name routines that do not run."""
        unused = "has no effect: the routine is not in use"
        for key in ("local_headers", "authenticated_headers", "keep"):
            self.assert_warning(f"{key} = ['x-virus']", f'{key}[0] = "x-virus": {unused}')
            self.assert_warning(f"extended_spam_headers = true\n{key} = ['x-spamd-result']")
        self.assert_warning("names = { x-virus = 'X-V' }", f"names.x-virus: {unused}")

    def test_not_skipped(self) -> None:
        """Lists of what is not skipped, where nothing is."""
        for key, off in (
            ("local_headers", "skip_local"),
            ("authenticated_headers", "skip_authenticated"),
        ):
            self.assert_warning(
                f"use = ['x-spamd-bar']\n{off} = false\n{key} = ['x-spamd-bar']",
                f"{key}: has no effect with {off} = false",
            )

    def test_missing(self) -> None:
        """Routines and what they are to write."""
        for key, value, routine in (
            ("add", "{ X-A = 'b' }", "add-headers"),
            ("remove", "{ X-A = 1 }", "remove-headers"),
            ("virus_symbols", "['A']", "x-virus"),
        ):
            self.assert_warning(
                f"{key} = {value}", f'{key}: has no effect without "{routine}" in headers.use'
            )
            self.assert_warning(
                f"use = ['{routine}']", f'use: "{routine}" does nothing without headers.{key}'
            )
            self.assert_warning(f"use = ['{routine}']\n{key} = {value}")
        self.assert_warning("use = ['remove-header']\nremove = { X-A = 1 }")

    def test_forged(self) -> None:
        """To keep fields with our name is hardly meant."""
        self.assert_warning(
            "use = ['authentication-results']\nkeep = ['authentication-results']",
            'keep[0] = "authentication-results": forged fields with our name stay, and are'
            " believed",
        )
