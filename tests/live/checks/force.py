"""A check that does what the header of a test message says: the live tests' hand in the filter.

It is loaded from a directory, as an operator's own check would be. One field a wish:

    X-Test-Action: soft reject            the action, by its name
    X-Test-Message: text                  text of the SMTP reply
    X-Test-Subject: text                  new subject with `rewrite subject`
    X-Test-Symbol: FORCE_ONE 2.5 a b      a symbol, its weight, its options
    X-Test-Add: Name: value @0            add a field; its order after the @
    X-Test-Remove: Name @-1               remove a field; which one after the @
    X-Test-Change: Name: value @1         change a field; which one after the @
    X-Test-Add-Rcpt, X-Test-Remove-Rcpt: address
    X-Test-Sender: address RET=HDRS       change the sender, perhaps with ESMTP arguments
    X-Test-Body: text                     replace the body by this line
    X-Test-Body-Lines: 9000               replace it by so many lines
    X-Test-Delay: 1.5                     answer after so many seconds
    X-Test-Raise: text                    raise an exception
    X-Test-Spin: 1                        never return
    X-Test-Hold: 1                        never return, nor let another thread run
    X-Test-Eat: 64                        keep so many MiB of memory
    X-Test-Child: 30                      start a program that keeps our descriptors so long
    X-Test-Exit: 3                        end the process with this status
"""

import os
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar

from twisted.internet import reactor
from twisted.internet.defer import CancelledError
from twisted.internet.task import deferLater
from twisted.logger import Logger

from mailfilter.scan.check import Check, Finding, Findings, Force, Hit, Stage, Symbol
from mailfilter.scan.task import Task
from mailfilter.scan.verdict import (
    Action,
    AddHeader,
    AddRecipient,
    ChangeHeader,
    ChangeSender,
    RemoveHeader,
    RemoveRecipient,
    ReplaceBody,
)

_EATEN: list[bytes] = []

log = Logger()


class ForceByHeader(Check):
    """Force action, edits, reply text, delay and failure by fields of the message."""

    name = "force"
    stage = Stage.MAIN
    symbols: ClassVar[Mapping[str, Symbol]] = {
        "FORCE_ONE": Symbol(1.0, "force", "asked for by the test message"),
        "FORCE_TWO": Symbol(1.0, "force", "asked for by the test message"),
    }

    async def run(self, task: Task) -> Findings:
        """Return what the message asks for, when it asks for it."""
        wishes = [
            (header.name.lower().removeprefix("x-test-"), header.text)
            for header in task.message.headers
            if header.name.lower().startswith("x-test-")
        ]
        for wish, text in wishes:
            await _suffer(wish, text)
        return [*_edits(wishes), *_forced(dict(wishes))]


async def _suffer(wish: str, text: str) -> None:
    if wish == "raise":
        raise ValueError(text)
    while wish == "spin":
        pass
    if wish == "hold":
        re.fullmatch("(a|a)*b", "a" * 64)
    if wish == "eat":
        _EATEN.append(b"x" * (int(text) << 20))
    if wish == "child":
        subprocess.Popen(["sleep", text], close_fds=False)  # noqa: ASYNC220
    if wish == "exit":
        os._exit(int(text))
    if wish != "delay":
        return
    log.info("force: waiting for {seconds} s", seconds=text)
    try:
        await deferLater(reactor, float(text))
    except CancelledError:
        log.info("force: the delay was cancelled")
        raise


def _forced(wishes: dict[str, str]) -> Iterator[Finding]:
    if "action" not in wishes:
        return
    action = Action(wishes["action"])
    yield Force(action, message=wishes.get("message"), subject=wishes.get("subject"))


def _edits(wishes: list[tuple[str, str]]) -> Iterator[Finding]:
    for wish, text in wishes:
        if make := _MAKERS.get(wish):
            yield make(text)


def _numbered(text: str, default: int) -> tuple[str, int]:
    head, at, number = text.rpartition("@")
    return (head.strip(), int(number)) if at else (text.strip(), default)


def _field(text: str) -> tuple[str, str]:
    name, _, value = text.partition(":")
    return name.strip(), value.strip()


def _symbol(text: str) -> Finding:
    name, weight, *options = text.split()
    return Hit(name, float(weight), tuple(options))


def _add(text: str) -> Finding:
    field, order = _numbered(text, -1)
    return AddHeader(*_field(field), order)


def _change(text: str) -> Finding:
    field, occurrence = _numbered(text, 1)
    return ChangeHeader(*_field(field), occurrence)


def _remove(text: str) -> Finding:
    return RemoveHeader(*_numbered(text, 0))


def _body(text: str) -> Finding:
    return ReplaceBody(f"{text}\r\n".encode())


def _body_lines(text: str) -> Finding:
    return ReplaceBody(b"".join(b"line %d\r\n" % number for number in range(int(text))))


def _sender(text: str) -> Finding:
    address, _, args = text.partition(" ")
    return ChangeSender(address, tuple(args.split()))


_MAKERS: dict[str, Callable[[str], Finding]] = {
    "symbol": _symbol,
    "add": _add,
    "change": _change,
    "remove": _remove,
    "sender": _sender,
    "add-rcpt": AddRecipient,
    "remove-rcpt": RemoveRecipient,
    "body": _body,
    "body-lines": _body_lines,
}
