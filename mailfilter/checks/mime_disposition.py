"""Does a part of mere octets say that it is an attachment?"""

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task


class MimeDisposition(Check):
    """Fires for `application/octet-stream` with neither a disposition nor a Content-ID.

    The second part of `multipart/encrypted` is so (RFC 3156 4), and stands for no file.
    """

    name = "mime_disposition"
    symbols = {
        "CTYPE_MISSING_DISPOSITION": Symbol(4.0, "mime", "binary part not marked attachment")
    }

    def run(self, task: Task) -> Findings:
        message = task.message
        if message.root.type == "multipart/encrypted":
            return ()
        for part in message.leaves:
            if part.type != "application/octet-stream" or part.disposition is not None:
                continue
            if "content-id" not in part.headers:
                return [Hit("CTYPE_MISSING_DISPOSITION")]
        return ()
