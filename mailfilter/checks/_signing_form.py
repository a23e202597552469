"""What our signatures cover and in which form, and what signing costs."""

from collections.abc import Iterable, Mapping
from typing import get_args

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from ..auth.sign_names import DEFAULT_NAMES, UnsignableError, read_names, signed_names
from ..auth.signing_keys import SigningKey
from ..mail import Message
from ..mail.canon import CanonicalBody, Form
from ..scan.envelope import Envelope
from ..scan.leaving import Leaving, handed_on
from ._signing import NotSignedError

FORM_OPTIONS = ("sign_headers", "header_canonicalization", "body_canonicalization")

QUICK_BITS = 2048
"""Of all RSA keys that sign a message: beyond, they may take more than a millisecond.

One of 2048 bits takes 0.2 to 0.5 ms, of 3072 0.6 to 1.8 ms, of 4096 1.3 to 2.1 ms, of 8192 24 to
46 ms. The interpreter is left to other threads meanwhile.
"""

_FORMS: tuple[Form, ...] = get_args(Form)


class SigningForm:
    """The options of a check that signs. Raises ValueError for what is wrong there."""

    def __init__(self, options: Mapping[str, object], default_names: str = DEFAULT_NAMES) -> None:
        names = options.get("sign_headers", default_names)
        if not isinstance(names, str):
            raise ValueError(f"sign_headers: expected names with colons between, got {names!r}")
        try:
            self.names = read_names(names)
        except ValueError as error:
            raise ValueError(f"sign_headers: {error}") from None
        self.header = _read_form(options, "header_canonicalization")
        self.body = _read_form(options, "body_canonicalization")

    def check(self, message: Message, envelope: Envelope) -> None:
        """Raise NotSignedError for a message that cannot be signed, whatever becomes of it."""
        if message.headers.has_odd_lines():
            raise NotSignedError("its header has a line that is no field")
        _, unsure = handed_on(message.canonical.fields, envelope)
        try:
            signed_names(self.names, message.canonical, unsure)
        except UnsignableError as error:
            raise NotSignedError(str(error)) from None

    def covered(self, leaving: Leaving) -> tuple[Form, tuple[bytes, ...]]:
        """The form in which the header of a message is signed, and the names for `h=`.

        Raises UnsignableError.
        """
        # White space is the MTA's own affair if it writes addresses anew.
        form: Form = "relaxed" if leaving.envelope.rewrites_addresses else self.header
        unsure = leaving.edited if form == "simple" else leaving.unsure
        return form, signed_names(self.names, leaving.message, unsure)


def digest_at_once(body: CanonicalBody, form: Form) -> bytes:
    """SHA-256 of a body that nothing has to wait for."""
    work = body.digest(form)
    while True:
        try:
            next(work)
        except StopIteration as stop:
            digest: bytes = stop.value.octets
            return digest


def is_slow(keys: Iterable[SigningKey]) -> bool:
    """Whether signing by all of these holds up others."""
    bits = sum(key.private.key_size for key in keys if isinstance(key.private, RSAPrivateKey))
    return bits > QUICK_BITS


def _read_form(options: Mapping[str, object], key: str) -> Form:
    value = options.get(key, "relaxed")
    for form in _FORMS:
        if value == form:
            return form
    raise ValueError(f"{key}: expected {' or '.join(_FORMS)}, got {value!r}")
