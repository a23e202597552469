"""Messages of parts for tests of checks."""

from base64 import encodebytes


def part(media_type: str, body: str = "x", name: str = "", fields: str = "") -> str:
    """A part; one with a name is an attachment."""
    if name:
        fields += f'Content-Disposition: attachment; filename="{name}"\n'
    if media_type:
        fields += f"Content-Type: {media_type}\n"
    return f"{fields}\n{body}"


def mixed(*parts: str, kind: str = "mixed", fields: str = "") -> bytes:
    """A message of parts."""
    text = f"MIME-Version: 1.0\n{fields}Content-Type: multipart/{kind}; boundary=bb\n\n"
    for one in parts:
        text += f"--bb\n{one}\n"
    return f"{text}--bb--\n".encode("utf-8", "surrogateescape")


def alone(media_type: str, body: str = "x", fields: str = "") -> bytes:
    """A message that is one part."""
    text = f"MIME-Version: 1.0\n{fields}Content-Type: {media_type}\n\n{body}\n"
    return text.encode("utf-8", "surrogateescape")


def file(name: str, media_type: str = "application/octet-stream") -> bytes:
    """A message with a text and a file."""
    return mixed(part("text/plain", "See the file."), part(media_type, "x", name))


def attached(
    data: bytes,
    name: str = "a.zip",
    media_type: str = "application/octet-stream",
    subject: str = "x",
) -> bytes:
    """A message with a text and a file of any octets; without a name it has only a type."""
    fields = "Content-Transfer-Encoding: base64\n"
    body = part(media_type, encodebytes(data).decode(), name, fields)
    return mixed(part("text/plain", "See the file."), body, fields=f"Subject: {subject}\n")
