"""Traces as JSON, for programs."""

from collections.abc import Mapping
from typing import Any

import msgspec

from ...report.reply_json import render_json
from .exchange import Reply
from .options import Output


def document_json(document: Mapping[str, Any], reply: Reply, output: Output) -> bytes:
    """A document in ASCII with a line feed behind it; `raw` is the reply as it came.

    UCL takes JSON for its own.
    """
    if output == "raw":
        return reply.raw + b"\n"
    octets = render_json(document)
    return (octets if output == "compact" else msgspec.json.format(octets, indent=2)) + b"\n"
