"""Answers of OCSP beside a certificate that is served already: what is shown of them."""

from pathlib import Path

from mailfilter.app.certificates import Held
from mailfilter.app.plan import draft
from mailfilter.config import ConfigError
from tests.app.credential_case import TEXT, CredentialCase

DAY = 86400.0
WITH = TEXT.replace('key = "mx.key"', 'key = "mx.key"\nocsp = "mx.ocsp"')


class AnswerTests(CredentialCase):
    def setUp(self) -> None:
        super().setUp()
        self.answer = self.vouch()
        self.before = self.held(WITH)
        self.assertEqual(self.before.pairs["mx"].files.ocsp, self.answer)

    def vouch(self, *, is_good: bool = True) -> bytes:
        """Put an answer about the certificate in the files."""
        source = self.root.vouch(self.folder / "mx.pem", is_good=is_good)
        data = source.read_bytes()
        return self.put("mx.ocsp", data).read_bytes()

    def shows(self, answer: bytes, trouble: str, before: Held | None = None) -> Held:
        """The certificate in the files, with this answer; what is told, if it is not theirs."""
        taken = self.taken(WITH, before or self.before)
        self.assertEqual(taken.problems, ())
        pair = taken.held.pairs["mx"]
        for part, name in ((pair.files.chain, "mx.pem"), (pair.files.key, "mx.key")):
            self.assertEqual(part, (self.folder / name).read_bytes())
        self.assertEqual((pair.files.ocsp, pair.parsed.ocsp), (answer, answer))
        texts = self.trouble(taken.held)
        self.assertEqual(len(texts), bool(trouble), texts)
        for text in texts:
            self.assertTrue(text.startswith("m.toml:4: certificates.mx.ocsp = "), text)
            self.assertIn(trouble, text)
            goes_on = "the answer before goes on" if answer else "no answer is shown"
            self.assertTrue(text.endswith(f"; {goes_on}"), text)
        return taken.held

    def counted(self, held: Held, before: Held) -> list[str]:
        """What happened, as it is counted."""
        return [event for event, _ in held.renewed(before)]

    def test_lags_behind(self) -> None:
        """A new certificate does not wait for what is said of it."""
        self.renew()
        held = self.shows(b"", "an answer of OCSP about another certificate")
        self.assertEqual(self.counted(held, self.before), ["certificates_renewed"])
        last = self.shows(self.vouch(), "", held)
        ((event, text),) = last.renewed(held)
        self.assertEqual(event, "staples_renewed")
        self.assertEqual(text, "certificate mx: answer of OCSP renewed")

    def test_at_the_start(self) -> None:
        """No answer of OCSP is a reason to have no filter."""
        self.renew()
        for trouble in ("an answer of OCSP about another certificate", "cannot be read"):
            taken = self.taken(WITH, Held())
            self.assertEqual(taken.problems, ())
            self.assertEqual(taken.held.pairs["mx"].files.ocsp, b"")
            (text,) = self.trouble(taken.held)
            self.assertIn(trouble, text)
            self.assertTrue(text.endswith("; no answer is shown"), text)
            (self.folder / "mx.ocsp").unlink(missing_ok=True)

    def test_gone(self) -> None:
        """Whoever takes it away wants it to be shown no more; a new certificate comes all the
        same."""
        (self.folder / "mx.ocsp").unlink()
        held = self.shows(b"", "No such file")
        self.assertEqual(self.counted(held, self.before), ["staples_dropped"])
        self.renew()
        held = self.shows(b"", "No such file")
        self.put("mx.ocsp", b"junk")
        self.shows(b"", "not an answer of OCSP", held)

    def test_damaged(self) -> None:
        """The one before still holds."""
        for data in (b"", self.answer[:-9], b"junk"):
            self.put("mx.ocsp", data)
            held = self.shows(self.answer, "ocsp")
            self.assertEqual(self.counted(held, self.before), [])

    def test_revoked(self) -> None:
        """Then what was said before is not shown any longer."""
        self.vouch(is_good=False)
        held = self.shows(b"", "the authority says that the certificate is revoked")
        ((event, text),) = held.renewed(self.before)
        self.assertEqual(event, "staples_dropped")
        self.assertEqual(text, "certificate mx: no answer of OCSP is shown any more")
        self.put("mx.ocsp", b"junk")
        self.shows(b"", "not an answer of OCSP", held)
        self.renew()
        self.shows(self.vouch(), "", held)

    def test_comes_as_a_revoked_one(self) -> None:
        """The certificate before is better."""
        self.renew()
        self.vouch(is_good=False)
        taken = self.taken(WITH, self.before)
        self.assertEqual(taken.held.credentials(), self.before.credentials())
        (text,) = self.trouble(taken.held)
        self.assertIn("is revoked", text)
        self.assertTrue(text.endswith("; what was used before goes on"), text)

    def test_after_it_has_expired(self) -> None:
        self.renew((-1, 300))
        held = self.taken(WITH, self.before, after=100 * DAY).held
        self.assertEqual(held.pairs["mx"].files.chain, (self.folder / "mx.pem").read_bytes())
        self.assertEqual(held.pairs["mx"].files.ocsp, b"")

    def test_of_a_new_setting(self) -> None:
        """Who names a file means it."""
        before = self.held(TEXT)
        self.put("mx.ocsp", b"junk")
        with self.assertRaises(ConfigError) as caught:
            draft(self.write("m.toml", WITH), before)
        self.assertIn("certificates.mx.ocsp", str(caught.exception))

    def test_told_by_a_reload(self) -> None:
        """With what comes of it."""
        self.renew()
        path = self.write("m.toml", WITH)
        loaded = draft(path, self.before).loaded
        self.assertIn("no answer is shown", "\n".join(map(str, loaded.warnings)))
        Path(self.folder / "mx.key").write_bytes(b"")
        loaded = draft(path, self.before).loaded
        self.assertIn("what was used before goes on", "\n".join(map(str, loaded.warnings)))
