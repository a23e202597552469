"""Certificates that are in the file of authorities: trusted themselves, but not for everything."""

from tests.authority import Authority, self_signed

from .outgoing_case import OutgoingCase

NAME = "mx.example.org"


class TrustedTests(OutgoingCase):
    def test_name(self) -> None:
        """A server's own is no good for another server."""
        files = self_signed(self.folder, NAME)
        self.connects(files, authorities=str(files[0]))
        text = self.refuses(files, authorities=str(files[0]), name="other.example.org")
        self.assertIn("is not for other.example.org but for", text)

    def test_pin(self) -> None:
        files = self_signed(self.folder, NAME)
        text = self.refuses(files, authorities=str(files[0]), pins=("0" * 64,))
        self.assertIn("the certificate is not pinned", text)

    def test_expired(self) -> None:
        old = Authority(self.folder, "old", days=(-9, -1))
        text = self.refuses(old.issue(NAME), authorities=str(old.file))
        self.assertIn("the certificate of its authority CN=old expired on", text)
