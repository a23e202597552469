"""Attached PDF files."""

from mailfilter.checks.pdf import MAX_FILES, TURN, Pdf
from mailfilter.mail.pdf import MAX_OBJECTS, MAX_TRAILER
from mailfilter.scan.task import Task

from .mime_case import attached, file, mixed, part
from .url_case import UrlCase, plain

START, END = b"%PDF-1.7\n", b"\n%%EOF\n"
MANY = b"1 0 obj\n" * (MAX_OBJECTS + 1)


def pdf(text: bytes, behind: bytes = b"") -> bytes:
    return attached(START + text + END + behind, "a.pdf", "application/pdf")


def whole(trailer: str = "", *objects: str) -> bytes:
    """A file that a strict reader takes, too."""
    catalog = "<</Type/Catalog/Pages 2 0 R/OpenAction 4 0 R>>"
    page = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"
    text, places = "%PDF-1.4\n", []
    for number, one in enumerate(
        (catalog, "<</Type/Pages/Kids[3 0 R]/Count 1>>", page, *objects), start=1
    ):
        places.append(f"{len(text):010d} 00000 n \n")
        text += f"{number} 0 obj\n{one}\nendobj\n"
    head = f"xref\n0 {len(places) + 1}\n0000000000 65535 f \n"
    end = (
        f"trailer\n<</Size {len(places) + 1}/Root 1 0 R{trailer}>>\nstartxref\n{len(text)}\n%%EOF\n"
    )
    raw = (text + head + "".join(places) + end).encode()
    return attached(raw, "a.pdf", "application/pdf")


class PdfTests(UrlCase):
    check = Pdf

    def test_symbols(self) -> None:
        honest = [pdf(b"/Type /Catalog"), plain("/Encrypt /JS /Launch"), file("a.pdf"), b""]
        self.compare(
            {
                "PDF_ENCRYPTED": (
                    [
                        pdf(b"/Encrypt 1 0 R"),
                        whole("/Encrypt 4 0 R", "<</Filter/Standard/V 1/R 2/O(x)/U(y)/P -4>>"),
                    ],
                    [*honest, pdf(b"/JS ")],
                ),
                "PDF_JAVASCRIPT": (
                    [
                        pdf(b"/JS "),
                        pdf(b"/J#61vaScript"),
                        whole("", "<</S/JavaScript/JS(app.alert)>>"),
                    ],
                    honest,
                ),
                "PDF_LONG_TRAILER": (
                    [pdf(b"", b"x" * (MAX_TRAILER + 1))],
                    [*honest, pdf(b"", b"x" * MAX_TRAILER)],
                ),
                "PDF_MANY_OBJECTS": (
                    [pdf(MANY), whole("", *["<<>>"] * (MAX_OBJECTS + 1))],
                    [*honest, pdf(MANY[:-8])],
                ),
                "PDF_SUSPICIOUS": (
                    [pdf(b"/#4aS"), pdf(b"/S /Launch /Win << /F (cmd.exe) >>")],
                    [*honest, pdf(b"/S /Launch /F (b.docx)")],
                ),
            }
        )

    def test_options(self) -> None:
        """Names are told without what cannot be seen."""
        raw = attached(START + b"/JS ", "a\u202eb.pdf")
        self.assertEqual(self.found(raw), {"PDF_JAVASCRIPT": ("a\\u202eb.pdf",)})

    def test_many(self) -> None:
        """What comes behind so many files is not searched."""
        plain_file, script = (
            part("application/pdf", f"{START.decode()}{text}", "a.pdf") for text in ("x", "/JS ")
        )
        for many, expected in ((MAX_FILES - 1, ["PDF_JAVASCRIPT"]), (MAX_FILES, [])):
            self.assertEqual(list(self.found(mixed(*[plain_file] * many, script))), expected)

    def test_turns(self) -> None:
        """Others have theirs before a large file is decoded, and before it is searched.

        Many small ones are a large one.
        """
        turns: list[None] = []

        async def pause() -> None:
            turns.append(None)

        self.patch(Task, "pause", lambda task: pause())
        for text, expected in ((b"", 0), (b"x" * TURN, 2)):
            turns.clear()
            self.found(pdf(text))
            self.assertEqual(len(turns), expected)
        turns.clear()
        small = part("application/pdf", START.decode() + "x" * (TURN // 2), "a.pdf")
        self.found(mixed(*[small] * 6))
        self.assertEqual(len(turns), 6)
