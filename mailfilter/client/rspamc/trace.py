"""`mailfilterc scan --trace`: what each check found in messages, and what decided."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from ...report.escape import escape
from ...report.reply_json import render_json
from ..explain_text import explain_text
from . import bulk, inputs
from .commands import SYMBOLS
from .exchange import Failure, Item, Misused, Outcome, Reply
from .options import Options
from .own_api import ask_for_trace
from .request import make_request
from .trace_json import document_json

_SCAN = replace(SYMBOLS, path="/api/scan", is_control=True)


def trace(options: Options, files: Sequence[str]) -> int:
    """Scan each message, and print the trace of it.

    Returns the exit code. Raises Misused.
    """
    if options.is_v3:
        raise Misused("--trace does not go with --protocol-v3")
    is_named = bool(files or options.files_list)
    return bulk.run(
        _SCAN,
        options,
        inputs.items(files, options),
        partial(_ask, options),
        partial(_show, options, is_named),
        count=partial(inputs.count, files, options),
    )


def _ask(options: Options, item: Item) -> Reply:
    return ask_for_trace(make_request(_SCAN, options, item), options, item)


def _show(options: Options, is_named: bool, outcome: Outcome) -> bytes:
    """With `is_named` the file is told above each trace."""
    name = outcome.item.name
    is_text = options.output == "human"
    if isinstance(outcome, Failure):
        if not is_text:
            return render_json({"filename": name, "error": outcome.text}) + b"\n"
        return f"{escape(name)}: {escape(outcome.text)}\n".encode()
    if not is_text:
        return document_json({"filename": name, **outcome.fields}, outcome, options.output)
    trace_id = outcome.fields.get("trace_id")
    shown = escape(trace_id if isinstance(trace_id, str) else "?")
    text = explain_text(shown, outcome.fields["row"], outcome.fields["detail"])
    lines = [escape(name), text, "", ""] if is_named else [text, ""]
    return "\n".join(lines).encode()
