"""What shells are told when they complete a command line."""

import os
import subprocess
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

ROOT = Path(__file__).parents[3]


def run(instruction: str, *words: str) -> str:
    """What a shell that wants the last word completed is answered; it begins lines with kinds."""
    return subprocess.check_output(
        [sys.executable, "-m", "mailfilter.client.rspamc.main"],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "_MAILFILTERC_COMPLETE": instruction,
            "COMP_WORDS": " ".join(("mailfilterc", *words)),
            "COMP_CWORD": str(len(words)),
        },
        text=True,
        timeout=120,
    )


class CompletionTests(SynchronousTestCase):
    """Bash stands for all: the answers of the others are click's own."""

    def check(self, *words: str, expected: str) -> None:
        """The answers, with blanks between them."""
        self.assertEqual(run("bash_complete", *words).split(), expected.split(), words)

    def test_words(self) -> None:
        """Commands come first; they and all others may be files."""
        self.check("learn_s", expected="plain,learn_spam file,learn_s")
        self.check("-p", "learn_c", expected="plain,learn_class: file,learn_c")
        self.check("./f", expected="file,./f")
        self.check("learn_spam", "s", expected="file,s")
        self.check("fuzzy_delhash", "s", expected="")

    def test_options(self) -> None:
        """Names of options, their values, and files."""
        self.check("--skip", expected="plain,--skip-images plain,--skip-attachments")
        self.check("--on-error", "", expected="plain,pass plain,tempfail")
        for option in ("--ca", "-D", "--files-list", "--cert-key"):
            self.check(option, "x", expected="file,x")

    def test_scripts(self) -> None:
        """Shells are taught to ask."""
        for shell in ("bash", "zsh", "fish"):
            text = run(f"{shell}_source")
            self.assertIn("_MAILFILTERC_COMPLETE", text)
