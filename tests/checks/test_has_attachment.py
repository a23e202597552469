"""Attachments."""

from mailfilter.checks.has_attachment import HasAttachment

from .mime_case import alone, file, mixed, part
from .url_case import UrlCase


class HasAttachmentTests(UrlCase):
    check = HasAttachment

    def test_symbols(self) -> None:
        self.compare(
            {
                "HAS_ATTACHMENT": (
                    [file("a.pdf"), mixed(part("application/pdf"))],
                    [alone("text/plain"), mixed(part("text/plain"), part("image/png"))],
                )
            }
        )
