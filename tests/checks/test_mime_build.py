"""How a message is put together."""

from mailfilter.checks.mime_build import MimeBuild

from .mime_case import alone, mixed, part
from .url_case import UrlCase

PAGE = part("text/html", "<p>hi")
TEXT = part("text/plain", "hi")
PDF = part("application/pdf", "%PDF-1.4", "a.pdf")


def page(told: str, own: str) -> bytes:
    """HTML with a charset, and one that it names itself."""
    body = f'<html><head><meta http-equiv="Content-Type" content="text/html; charset={own}">'
    return alone(f"text/html; charset={told}" if told else "text/html", body)


class MimeBuildTests(UrlCase):
    check = MimeBuild

    def test_symbols(self) -> None:
        self.compare(
            {
                "MIME_CONTAINER_ENCODED": (
                    [mixed(TEXT, PAGE, fields="Content-Transfer-Encoding: base64\n")],
                    [mixed(TEXT, PAGE, fields="Content-Transfer-Encoding: 8bit\n"), alone("")],
                ),
                "MIME_MIXED_HTML_ALONE": (
                    [mixed(PAGE)],
                    [mixed(PAGE, TEXT), mixed(TEXT), mixed(PAGE, kind="related")],
                ),
                "PDF_FEW_WORDS": (
                    [mixed(TEXT, PDF), mixed(PDF)],
                    [
                        mixed(part("text/plain", "word " * 60), PDF),
                        mixed(TEXT, PDF, fields="In-Reply-To: <a@example.com>\n"),
                        mixed(TEXT),
                    ],
                ),
                "HTML_CHARSET_DIFFERS": (
                    [
                        mixed(TEXT, part("text/html; charset=utf-8", "<meta charset=koi8-r>")),
                        page("utf-8", "windows-1252"),
                        page("windows-1251", "utf-8"),
                    ],
                    [
                        page("utf-8", "UTF-8"),
                        page("us-ascii", "utf-8"),
                        page("iso-8859-1", "windows-1252"),
                        page("", "utf-8"),
                        mixed(
                            TEXT,
                            part(
                                "text/html; charset=utf-8", "<meta charset=koi8-r>", name="a.html"
                            ),
                        ),
                        alone("text/html; charset=utf-8", "<p>hi"),
                    ],
                ),
            }
        )
