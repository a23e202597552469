"""Real mail, signed by us and verified by dkimpy: `dev` and `torture` of `MAILFILTER_CORPUS`."""

import os
from collections import Counter
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SkipTest

from mailfilter.auth.signing_keys import SigningKeys

from .signing_case import ED25519, ENVELOPE, KEYS, SigningCase, rewritten, signatures, verified

MOST = 400
"""Messages, taken evenly from all that there are."""
MAX_SIZE = 200_000

# Whatever the mail says of its sender, it is ours.
OPTIONS: dict[str, Any] = {
    "use_domain": "example.org",
    "allow_hdrfrom_mismatch": True,
    "allow_username_mismatch": True,
    "allow_hdrfrom_multiple": True,
}


def paths() -> list[Path]:
    if not (corpus := os.environ.get("MAILFILTER_CORPUS")):
        raise SkipTest("MAILFILTER_CORPUS is not set")
    found = [path for name in ("dev", "torture") for path in Path(corpus, name).rglob("*")]
    files = sorted(path for path in found if path.is_file() and path.stat().st_size < MAX_SIZE)
    if not files:
        raise SkipTest("MAILFILTER_CORPUS has no mail")
    return files[:: len(files) // MOST + 1]


class CorpusTests(SigningCase):
    def test_verified(self) -> None:
        """What is signed verifies; what is not has no author, or no certain header."""
        keys = SigningKeys([key for key in KEYS.find("example.org") if key.private is ED25519])
        found = Counter[str]()
        for path in paths():
            raw = path.read_bytes()
            verdict = self.scan(raw, ENVELOPE, keys=keys, **OPTIONS)
            if not signatures(verdict):
                found["not signed"] += 1
                (why,) = [item.text for item in verdict.trace if item.text.startswith("not sig")]
                self.assertRegex(why, "From tells no domain|a line that is no field", path)
                continue
            left = rewritten(raw, verdict)
            # A line of an mbox is no part of the message.
            left = left.partition(b"\n")[2] if left.startswith(b"From ") else left
            self.assertIn(True, verified(left), path)
            found["signed"] += 1
        self.assertGreater(found["signed"], found["not signed"])
