"""The command line of `twistd mailfilter` and `twist mailfilter`."""

import os
import sys

from twisted.python import usage

from ..config import ConfigError, Loaded, default_path, find_state_dir, load
from ..scan.plan import Plan
from .logs import choose_observer
from .plan import load_plan


class Options(usage.Options):
    """Reads the configuration too, so that what is wrong is told before anything is started.

    Paths are made absolute while the options are read: twistd changes its directory later.
    """

    synopsis = "Usage: twistd [twistd options] mailfilter [options]"
    longdesc = (
        "Filter mail for MTAs that speak milter or Rspamd's HTTP API. Without --config,"
        " /etc/mailfilter/mailfilter.toml is read if it exists, else the built-in defaults hold."
        " `mailfilteradm config check` tells what is wrong with a configuration."
    )
    optParameters = [
        ["config", "c", None, "The configuration file.", os.path.abspath],
        [
            "state-dir",
            None,
            None,
            "Where to keep state, in place of MAILFILTER_STATE_DIR, systemd's STATE_DIRECTORY"
            " or ./mailfilter-state.",
            os.path.abspath,
        ],
    ]

    loaded: Loaded
    """The configuration, once the options have been parsed."""
    plan: Plan
    """The checks that the configuration asks for."""
    state_dir: str
    """Absolute path of the state directory, which need not exist yet."""

    def postOptions(self) -> None:
        """Load the configuration.

        Raises SystemExit with all that is wrong: a usage error would bury it in the help text.
        """
        self.state_dir = find_state_dir(self["state-dir"], os.environ, os.getcwd())
        try:
            self.loaded = load(self["config"] or default_path())
            self.plan = load_plan(self.loaded)
        except ConfigError as error:
            raise SystemExit(f"mailfilter: the configuration cannot be used:\n{error}") from None
        for warning in self.loaded.warnings:
            print(f"mailfilter: warning: {warning}", file=sys.stderr)
        choose_observer(self.parent, self.loaded.config.log)
