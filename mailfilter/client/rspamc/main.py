"""The program `mailfilterc`.

Where it delivers mail, anything that goes wrong ends with 75 and nothing delivered, so that the
mail is tried again: wrong options and a broken installation, too. That is why nothing of ours is
imported up here.
"""

import gc
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from .command_line import Call
    from .exchange import Outcome

OK, FAILED, MISUSED, TEMPFAIL, INTERRUPTED, CLOSED_OUTPUT = 0, 1, 2, 75, 130, 141
"""Exit codes: sysexits.h has 75, shells have the last two."""

_LETTERS_WITH_VALUE = "hPcwfiudFrtbneSDU"
"""In a word like `-jm`, what is behind one of them is its value."""


def main() -> NoReturn:
    """Run it with the words of the command line."""
    words = sys.argv[1:]
    if may_deliver(words):
        _deliver(words)
    _occupy_descriptors()
    # Python has none for those that were closed, and prints errors to the output then.
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)
    sys.exit(run(words))


def may_deliver(words: Sequence[str]) -> bool:
    """Whether the words ask for LDA mode, as far as can be told without understanding them all."""
    return any(
        word in ("--mime", "--exec") or word.startswith("--exec=") or _has_letter(word)
        for word in words
    )


def _has_letter(word: str) -> bool:
    if not word.startswith("-") or word.startswith("--"):
        return False
    for letter in word[1:]:
        if letter in "me":
            return True
        if letter in _LETTERS_WITH_VALUE:
            return False
    return False


def _deliver(words: Sequence[str]) -> NoReturn:
    code = TEMPFAIL
    try:
        # There is no second collection in so short a life: 4 ms of 80.
        gc.disable()
        _occupy_descriptors()
        code = _delivered(words)
    except BaseException as error:
        _complain(error)
    finally:
        # Nothing that happens while Python ends may change the code.
        os._exit(code)


def _delivered(words: Sequence[str]) -> int:
    from .command_line import read_command_line

    call = read_command_line(words)
    if not call.options.is_lda:
        code = _run(call)
        sys.stdout.flush()
        return code
    from .lda import deliver

    return deliver(call.command, _resolved(call).options, call.files)


def _occupy_descriptors() -> None:
    """Let no file or socket become one of the standard streams that are closed.

    What stands in for them fails as they would; but errors may be told to nobody.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY if number == 1 else os.O_WRONLY)


def _complain(error: BaseException) -> None:
    """Say why nothing is delivered, to whoever reads it."""
    try:
        reason = "".join(char if char.isprintable() else "?" for char in _text(error))
        text = f"mailfilterc: {reason}; not delivered"
        with suppress(OSError):
            os.write(2, text.encode("utf-8", "backslashreplace") + b"\n")
        import syslog

        syslog.openlog("mailfilterc", syslog.LOG_PID, syslog.LOG_MAIL)
        syslog.syslog(syslog.LOG_ERR, text)
    except BaseException:
        return


def _text(error: BaseException) -> str:
    kind = type(error).__name__
    if kind in ("Misused", "Undelivered"):
        return str(error)
    if kind == "Exit":
        return "the command line asks for a text and not for a delivery"
    if hasattr(error, "format_message"):
        return str(error.format_message())
    # What an error of Python says may hold a password, or mail.
    place, trace = "", error.__traceback__
    while trace is not None:
        place = f" at {os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{kind}{place}"


def run(words: Sequence[str]) -> int:
    """Do what the words say, unless that is a delivery; return the exit code."""
    import click

    from .exchange import Misused

    try:
        from .command_line import read_command_line

        code = _run(read_command_line(words))
        sys.stdout.flush()
    except click.exceptions.Exit as done:
        return done.exit_code
    except (click.UsageError, Misused) as error:
        return _refuse(_text(error))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _drop_output()
        return CLOSED_OUTPUT
    except OSError as error:
        _drop_output()
        return _refuse(error.strerror or str(error), FAILED)
    return code


def _refuse(text: str, code: int = MISUSED) -> int:
    lines = [f"mailfilterc: {text}"]
    if code == MISUSED:
        lines.append("Try 'mailfilterc --help'.")
    with suppress(OSError):
        os.write(2, "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace"))
    return code


def _drop_output() -> None:
    """So that Python does not try once more to write when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _run(call: "Call") -> int:
    from .commands import EXPLAIN

    if call.command is EXPLAIN:
        from .explain import explain

        return explain(call.options, call.arguments)
    call = _resolved(call)
    if call.options.is_traced:
        from .trace import trace

        return trace(call.options, call.files)
    if not call.command.takes_input or _is_empty(call):
        return _run_once(call)
    return _run_bulk(call)


def _is_empty(call: "Call") -> bool:
    options = call.options
    return options.takes_nothing and not call.files and not options.files_list


def _run_bulk(call: "Call") -> int:
    from functools import partial

    from . import bulk, inputs
    from .ask import ask
    from .render import render

    command, options = call.command, call.options
    is_terminal = sys.stdout.isatty()
    return bulk.run(
        command,
        options,
        inputs.items(call.files, options),
        partial(ask, command, options, arguments=call.arguments),
        lambda outcome: render(outcome, command, options, is_terminal=is_terminal),
        arguments=call.arguments,
        count=partial(inputs.count, call.files, options),
    )


def _run_once(call: "Call") -> int:
    """For commands that take no message."""
    from .ask import ask
    from .exchange import Failure, Item, Unanswered
    from .render import render

    item = Item("empty" if call.command.takes_input else "hashes" if call.arguments else "stdin")
    outcome: Outcome
    try:
        outcome = ask(call.command, call.options, item, call.arguments)
    except Unanswered as error:
        outcome = Failure(item, str(error), raw=error.raw)
    is_terminal = sys.stdout.isatty()
    shown = render(outcome, call.command, call.options, is_terminal=is_terminal)
    sys.stdout.buffer.write(shown)
    is_refused = call.command.changes and not isinstance(outcome, Failure) and outcome.is_refusal
    return FAILED if isinstance(outcome, Failure) or is_refused else OK


def _resolved(call: "Call") -> "Call":
    """The same with an address for `-i`, which may be a name."""
    if not call.options.ip:
        return call
    from dataclasses import replace

    from .resolving import with_address

    return replace(call, options=with_address(call.options))


if __name__ == "__main__":
    main()
