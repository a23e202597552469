"""Where other processes of the filter log: to the same place, told by a word."""

import json
import os
import sys
from io import StringIO
from pathlib import Path
from typing import cast

from twisted.application.twist._options import TwistOptions
from twisted.logger import ILogObserver, LogEvent, Logger, LogPublisher
from twisted.python import syslog
from twisted.python.usage import Options
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.app import logs
from mailfilter.app.logs import Output, choose_observer, open_target, target
from mailfilter.config.model import Log
from mailfilter.report.logstream import LogStream

from .test_logs import twistd_options

JSON = Log(format="json")
FOUND: list[LogEvent] = []


def their_observer() -> ILogObserver:
    """What an operator has named by --logger."""

    return cast(ILogObserver, FOUND.append)


def say(observer: ILogObserver, text: str = "hello") -> None:
    Logger("t", observer=LogPublisher(observer)).info("{text}", text=text)


class TargetCase(SynchronousTestCase):
    def setUp(self) -> None:
        for name in ("target", "path", "output", "settings"):
            self.patch(logs._Chosen, name, getattr(logs._Chosen, name))
        self.path = Path(self.mktemp()).absolute()


class ChosenTests(TargetCase):
    """What the first process says of where it logs."""

    def chosen(self, parent: Options | None) -> str:
        choose_observer(parent, Log())
        return target()

    def test_twistd(self) -> None:
        for values, expected in (
            ({}, "-"),
            ({"logfile": "-", "nodaemon": 0}, "-"),
            ({"logfile": "x.log"}, os.path.abspath("x.log")),
            ({"nodaemon": 0}, os.path.abspath("twistd.log")),
            ({"syslog": 1, "prefix": "mail"}, "syslog:mail"),
            ({"logger": "some.where"}, "call:some.where"),
        ):
            self.assertEqual(self.chosen(twistd_options(**values)), expected)

    def test_twist(self) -> None:
        options = TwistOptions()
        options.selectDefaultLogObserver()
        self.assertEqual(self.chosen(options), "-")
        with self.path.open("a") as stream:
            say(options["fileLogObserverFactory"](stream))
        self.assertEqual(target(), str(self.path))
        self.assertIn("hello", self.path.read_text())

    def test_others(self) -> None:
        self.assertEqual(self.chosen(None), "-")
        self.assertEqual(self.chosen(Options()), "-")


class OpenTests(TargetCase):
    def test_file(self) -> None:
        self.path.write_text("before\n")
        say(open_target(str(self.path), JSON))
        before, line = self.path.read_text().splitlines()
        self.assertEqual((before, json.loads(line)["message"]), ("before", "hello"))
        self.assertEqual(target(), str(self.path))

    def test_file_that_cannot_be(self) -> None:
        self.assertRaises(FileNotFoundError, open_target, str(self.path / "none" / "log"), JSON)

    def test_standard_output(self) -> None:
        """What descriptor 1 is, whatever Python has made of it, and whatever becomes of that."""
        self.patch(sys, "stdout", StringIO())
        output = open_target("-", JSON)
        assert isinstance(output, Output) and isinstance(output.stream, LogStream)
        self.addCleanup(os.close, output.stream.descriptor)
        self.assertNotEqual(output.stream.descriptor, 1)
        self.assertTrue(os.path.sameopenfile(output.stream.descriptor, 1))
        self.assertIs(output.stream.path, None)

    def test_call(self) -> None:
        say(open_target(f"call:{__name__}.their_observer", JSON))
        self.assertEqual([event["text"] for event in FOUND], ["hello"])
        FOUND.clear()

    def test_syslog(self) -> None:
        sent: list[str] = []
        observer = syslog.SyslogObserver
        self.patch(observer, "openlog", staticmethod(lambda prefix, *_: sent.append(prefix)))
        self.patch(observer, "syslog", staticmethod(lambda _priority, text: sent.append(text)))
        say(open_target("syslog:mail filter", JSON))
        self.assertEqual(sent, ["mail filter", "[-] hello"])

    def test_reopen(self) -> None:
        """Ours alone is opened anew; others see to themselves."""
        observer = open_target(str(self.path), Log())
        self.path.rename(self.path.with_suffix(".1"))
        logs.reopen_now()
        say(observer)
        self.assertIn("hello", self.path.read_text())
        self.patch(logs._Chosen, "output", None)
        logs.reopen_now()

    def test_on_loss(self) -> None:
        told: list[str] = []
        observer = open_target("/dev/full", Log())
        logs.on_loss(told.append)
        say(observer)
        self.assertEqual(told, ["log lines are lost: No space left on device"])

    def test_settings(self) -> None:
        """A later configuration changes level and form, not the place."""
        observer = open_target(str(self.path), Log(level="error"))
        say(observer)
        self.assertEqual(self.path.read_text(), "")
        output = logs.output()
        assert output is not None
        output.apply(JSON)
        say(observer)
        self.assertEqual(json.loads(self.path.read_text())["message"], "hello")


class OwnerTests(TargetCase):
    """What workers of another user must be able to open."""

    def test_file(self) -> None:
        given = []
        self.patch(os, "fchown", lambda *args: given.append(args))
        for path, expected in ((str(self.path), 1), ("/dev/null", 0)):
            given.clear()
            logs._Chosen.output = Output(LogStream.open(path), Log())
            logs.give(65534, 65533)
            self.assertEqual([args[1:] for args in given], [(65534, 65533)] * expected)

    def test_not_ours(self) -> None:
        self.patch(os, "fchown", lambda *args: self.fail(str(args)))
        for output in (None, Output(StringIO(), Log()), Output(LogStream(2), Log())):
            logs._Chosen.output = output
            logs.give(65534, 65533)
