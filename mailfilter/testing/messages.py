"""Messages for tests, well made; what is to be broken is written by hand."""

from collections.abc import Mapping
from email.message import EmailMessage
from email.policy import SMTP
from types import MappingProxyType

NOTHING: Mapping[str, str] = MappingProxyType({})
NO_FILES: Mapping[str, bytes] = MappingProxyType({})


def make_message(
    *,
    subject: str = "a test",
    sender: str = "Alice <alice@example.org>",
    to: str = "Bob <bob@example.net>",
    text: str | None = None,
    html: str | None = None,
    fields: Mapping[str, str] = NOTHING,
    files: Mapping[str, bytes] = NO_FILES,
) -> bytes:
    """A message as it is sent, with CRLF, encoded where it must be.

    With `text` and `html` it has both as alternatives, without either an empty text. `fields` are
    added, or take the place of fields that are there; `files` are attached by name.
    """
    message = EmailMessage(SMTP)
    message["From"] = sender
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = "Thu, 01 Jan 2026 00:00:00 +0000"
    message["Message-ID"] = "<test@example.org>"
    for name, value in fields.items():
        del message[name]
        message[name] = value
    if html is None:
        message.set_content(text or "")
    elif text is None:
        message.set_content(html, subtype="html")
    else:
        message.set_content(text)
        message.add_alternative(html, subtype="html")
    for name, data in files.items():
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()
