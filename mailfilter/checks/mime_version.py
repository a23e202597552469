"""Does MIME mail say that it is?"""

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task


class MimeVersion(Check):
    """Fires for messages with a Content-Type and without MIME-Version (RFC 2045 4).

    Programs that know no MIME write `text/plain` and no charset, which is the default.
    """

    name = "mime_version"
    symbols = {
        "MIME_HEADER_CTYPE_ONLY": Symbol(2.0, "headers", "Content-Type is the only MIME header"),
        "MISSING_MIME_VERSION": Symbol(2.0, "headers", "MIME mail without MIME-Version"),
    }

    def run(self, task: Task) -> Findings:
        headers = task.message.headers
        if "mime-version" in headers or "content-type" not in headers:
            return ()
        root = task.message.root
        has_encoding = "content-transfer-encoding" in headers
        if root.type == "text/plain" and not root.params.get("charset") and not has_encoding:
            return ()
        if has_encoding or "content-disposition" in headers:
            return [Hit("MISSING_MIME_VERSION")]
        return [Hit("MIME_HEADER_CTYPE_ONLY"), Hit("MISSING_MIME_VERSION")]
