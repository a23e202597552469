"""Fields that are all absent, and fields that repeat."""

from mailfilter.checks.essential_headers import EssentialHeaders

from .header_case import HeaderCase


class EssentialHeadersTests(HeaderCase):
    check = EssentialHeaders

    def test_symbols(self) -> None:
        one = "From: a@b.example\nSubject: x"
        self.compare(
            {
                "MISSING_ESSENTIAL_HEADERS": (
                    ["X: y", "Content-Type: text/plain", "Received: from a by b"],
                    ["Subject: x", "from: a@b.example", "Message-Id: <1@b.example>"],
                ),
                "MULTIPLE_UNIQUE_HEADERS": (
                    [f"{one}\nSUBJECT: y", f"{one}\nFrom: c@d.example"],
                    [one, "X: y", f"{one}\nSubject: x", f"{one}\nReceived: a\nReceived: b"],
                ),
            }
        )

    def test_options(self) -> None:
        found = self.found("Subject: x\nTo: a@b.c\nTo: d@e.f\nSubject: y\nSubject: z")
        self.assertEqual(found, {"MULTIPLE_UNIQUE_HEADERS": ("To", "Subject")})
