"""Marks that a message came with: whoever wrote them, they are not believed."""

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.report.rewrite import MAX_FIELDS, MAX_HEADER

from .mime_case import ENDS, ERROR, HAM, NO_OPTIONS, failed, marked


class MarksTests(SynchronousTestCase):
    """Marks that a message came with."""

    forged = (
        b"X-Spam: no",
        b"x-spam: no",
        b"X-SPAM : no",
        b"X-Spam\t :",
        b"X-Spam-Level: ***\n ***",
        b"X-Spam-Error: x",
        b"X-Spam-Status: No, score=-100",
        b"X-Spam-Flag: NO",
        b"X-Spamd-Result: default: False",
        b"X-Spam-\xff: x",
        b"X-Spam-\xc0\xe0: x",
        b"X-Spam" + b"x" * 300 + b": x",
    )

    def test_removed(self) -> None:
        """All of them, wherever they are."""
        for forged in self.forged:
            for raw, expected in (
                (b"%b\nA: b\n\nbody\n", b"A: b\n@\nbody\n"),
                (b"A: b\n%b\n\nbody\n", b"A: b\n@\nbody\n"),
                (b"A: b\n%b\n", b"A: b\n@"),
                (b"A: b\n%b", b"A: b\n@"),
                (b"%b", b"@"),
                (b"From a.b\n%b\nA: b\n\nbody\n", b"From a.b\nA: b\n@\nbody\n"),
            ):
                message = raw % forged
                for end in ENDS:
                    of = lambda text: text.replace(b"\n", end)  # noqa: E731, B023
                    if b"\n" not in message and end != b"\n":
                        continue
                    found = failed(of(message))
                    self.assertEqual(found, of(expected.replace(b"@", ERROR)), (message, end))
                    found = marked(of(message))
                    self.assertEqual(found, of(expected.replace(b"@", HAM)), (message, end))

    def test_all(self) -> None:
        """Many at once."""
        raw = b"\n".join(self.forged * 3) + b"\nA: b\n\nbody\n"
        self.assertEqual(failed(raw), b"A: b\n" + ERROR + b"\nbody\n")

    def test_kept(self) -> None:
        """If that is wanted."""
        options = replace(NO_OPTIONS, keeps_marks=True)
        for forged in self.forged:
            raw = forged + b"\nA: b\n\nbody\n"
            self.assertEqual(failed(raw, options), forged + b"\nA: b\n" + ERROR + b"\nbody\n")
            self.assertEqual(marked(raw, options=options), forged + b"\nA: b\n" + HAM + b"\nbody\n")

    def test_others(self) -> None:
        """What only looks like one, and what is in the body."""
        for other in (b"X-Spa: x", b"XX-Spam: x", b"Subject: x\n X-Spam: yes", b"X_Spam: x"):
            raw = other + b"\n\nX-Spam: body\n"
            self.assertEqual(failed(raw), other + b"\n" + ERROR + b"\nX-Spam: body\n")

    def test_behind_the_end(self) -> None:
        """In a header of more fields than are looked at they are removed as well."""
        start = b"".join(b"A%d: b\n" % number for number in range(MAX_FIELDS))
        found = failed(start + b"X-Spam: no\n\nbody\n")
        self.assertEqual(found.count(ERROR), 1)
        self.assertEqual(found.replace(ERROR, b""), start + b"\nbody\n")

    def test_behind_what_is_too_long(self) -> None:
        """One that is longer than what is looked at ends before them."""
        for long in (b"A: " + b"x" * MAX_HEADER + b"\n", b"A: b\n" * (MAX_HEADER // 4)):
            raw = long + b"X-Spam: no\n\nbody\n"
            head, _, rest = failed(raw).partition(ERROR + b"\n")
            self.assertTrue(head + rest == raw)
            self.assertNotIn(b"X-Spam", head)

    def test_behind_no_field(self) -> None:
        """None is left in what some readers take for header, however it is spelt."""
        start = b"A: b\nno field\nC: d\n"
        for forged in (
            *self.forged,
            *(b"X-Spam\n : yes", b"x\0-\tspam-level: *", b"E: f\rX-Spam: yes"),
        ):
            raw = start + forged + b"\nG: h\n\nX-Spam: body\n"
            kept = b"A: b\n%bno field\nC: d\nG: h\n\nX-Spam: body\n" % ERROR
            self.assertEqual(failed(raw), kept, forged)
            options = replace(NO_OPTIONS, keeps_marks=True)
            self.assertEqual(failed(raw, options).replace(ERROR, b""), raw)

    def test_others_behind_no_field(self) -> None:
        """What is no mark there stays, with its folds; what the server removes goes."""
        start = b"A: b\nno field\nC: d\n"
        for other in (
            b"Received: from a\n\tby mx-spam.example.net; Mon\n",
            b"Received: from a\r\n\tby x-spam.example.net: 1\r\n",
            b"My filter sets X-Spam here\n 1. pay\n",
            b"Max-Spam-Size: 7\n",
            b"no field\n\tX-Spam: yes\n",
        ):
            raw = start + other + b"\nbody\n"
            self.assertEqual(failed(raw).replace(ERROR, b""), raw)
        raw = start + b"Evil : x\n y\nG: h\n\nbody\n"
        found = marked(raw, milter={"remove_headers": {"evil": 0}})
        self.assertEqual(found.replace(HAM, b""), start + b"G: h\n\nbody\n")

    def test_kept_against_the_server(self) -> None:
        """A filter removes some by itself, from mail that it gets."""
        raw = b"X-Spam: no\nA: b\nE: f\n\nbody\n"
        options = replace(NO_OPTIONS, keeps_marks=True)
        removes = {"remove_headers": {"X-Spam": 0, "E": 0}}
        found = marked(raw, options=options, milter=removes)
        self.assertEqual(found, b"X-Spam: no\nA: b\n" + HAM + b"\nbody\n")

    def test_many_names(self) -> None:
        """Each of them another."""
        raw = b"".join(b"X-Spam-%d: x\n" % number for number in range(100_000)) + b"\nbody\n"
        found = failed(raw)
        self.assertEqual(found.partition(b"\n\n")[0] + b"\n", ERROR)
