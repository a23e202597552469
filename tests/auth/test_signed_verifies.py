"""What we sign verifies: any message, in all forms, by both kinds of key."""

from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mailfilter.auth.signature_writer import dkim_field
from mailfilter.auth.signing_keys import SigningKey
from mailfilter.mail import parse
from mailfilter.mail.canon import Form

from .dkim_case import NOW, RAW, VerifyCase, words
from .dkim_signer import ED25519, RSA

EXAMPLES = settings(derandomize=True, max_examples=200, deadline=None, database=None)
KEYS = (SigningKey("signed.test", "rsa", RSA), SigningKey("signed.test", "ed", ED25519))
FORMS = st.sampled_from(["simple", "relaxed"])
NAMES = (b"from", b"to", b"x-odd", b"received", b"dkim-signature", b"missing")
_END = st.sampled_from([b"\r\n", b"\n"])
_TEXT = st.text("ab \t:;=\x0b\xe4", max_size=12).map(str.encode)


@st.composite
def messages(draw: Any) -> bytes:
    """Any message with a From, a line end of either kind everywhere."""
    fields = [b"From: a@signed.test"]
    for name in draw(st.lists(st.sampled_from([b"To", b"X-ODD", b"x-odd \t", b"Received"]))):
        lines = draw(st.lists(_TEXT.map(lambda text: text + b"a"), min_size=1, max_size=3))
        fields.append(name + b":" + (draw(_END) + b"\t").join(lines))
    header = b"".join(field + draw(_END) for field in draw(st.permutations(fields)))
    body = draw(st.lists(st.sampled_from([b"a", b" ", b"\t", b"\r", b"\n", b"\r\n", b"\xff"])))
    return bytes(header + draw(_END) + b"".join(body))


def signed(raw: bytes, key: SigningKey, names: Sequence[bytes], header: Form, body: Form) -> bytes:
    """A message with a signature of ours on top."""
    message = parse(raw).canonical
    work = message.body.digest(body)
    try:
        next(work)
    except StopIteration as stop:
        digest = stop.value.octets
    value = dkim_field(
        key,
        message,
        names,
        header_form=header,
        body_form=body,
        digest=digest,
        time=int(NOW),
    )
    return b"DKIM-Signature: " + value.replace("\n", "\r\n").encode() + b"\r\n" + raw


class SignedVerifiesTests(VerifyCase):
    """By what we verify with."""

    @EXAMPLES
    @given(messages(), st.sampled_from(KEYS), st.lists(st.sampled_from(NAMES)), FORMS, FORMS)
    def test_any_message(
        self, raw: bytes, key: SigningKey, names: list[bytes], header: Form, body: Form
    ) -> None:
        found = self.verify(signed(raw, key, [b"from", *names], header, body))
        self.assertEqual([one.result for one in found], ["pass"], found)

    def test_signatures_of_others(self) -> None:
        """A signature may sign others, all of them and that there are no more, but not itself."""
        names = (b"from", b"dkim-signature", b"dkim-signature", b"dkim-signature")
        below = signed(RAW, KEYS[1], (b"from",), "relaxed", "relaxed")
        both = signed(below, KEYS[0], names, "simple", "simple")
        self.assertEqual(words(self.verify(both)), ["pass", "pass"])
        more = signed(both, KEYS[1], (b"from",), "relaxed", "relaxed")
        self.assertEqual(words(self.verify(more)), ["pass", "fail", "pass"])
