"""Our log lines in the hands of `twistd` and `twist`, by their public options."""

import io
import sys
from pathlib import Path

from twisted.application.twist._options import TwistOptions
from twisted.logger import Logger, LogPublisher
from twisted.python.usage import Options
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.app.logs import choose_observer, twistd_observer
from mailfilter.config.model import Log

JSON = Log(format="json")


def twistd_options(**values: object) -> Options:
    options = Options()
    usual = {"nodaemon": 1, "logger": None, "syslog": 0, "logfile": None, "prefix": "twisted"}
    options.update(usual | values)
    return options


class TwistdTests(SynchronousTestCase):
    def test_standard_output(self) -> None:
        options = twistd_options()
        choose_observer(options, JSON)
        self.assertEqual(options["logger"], "mailfilter.app.logs.twistd_observer")
        stream = io.StringIO()
        self.patch(sys, "stdout", stream)
        Logger("t", observer=LogPublisher(twistd_observer())).info("hello")
        self.assertIn('"message":"hello"', stream.getvalue())

    def test_file(self) -> None:
        path = Path(self.mktemp()).absolute()
        choose_observer(twistd_options(logfile=str(path), nodaemon=0), JSON)
        Logger("t", observer=LogPublisher(twistd_observer())).info("hello")
        self.assertIn('"message":"hello"', path.read_text())

    def test_left_alone(self) -> None:
        for values in ({"logger": "somebody.elses"}, {"syslog": 1}):
            options = twistd_options(**values)
            choose_observer(options, JSON)
            self.assertEqual(options["logger"], values.get("logger"))


class TwistTests(SynchronousTestCase):
    def test_factory(self) -> None:
        """In the options of the real thing, which have a factory from the start."""
        options = TwistOptions()
        options.selectDefaultLogObserver()
        choose_observer(options, JSON)
        stream = io.StringIO()
        observer = options["fileLogObserverFactory"](stream)
        Logger("t", observer=LogPublisher(observer)).info("hello")
        self.assertIn('"message":"hello"', stream.getvalue())

    def test_other_parents(self) -> None:
        """Options of something else are left alone."""
        options = Options()
        choose_observer(options, JSON)
        self.assertEqual(options, {})
        choose_observer(None, JSON)
