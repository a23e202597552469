"""The command line of `twistd mailfilter` and `twist mailfilter`."""

import os
import signal
import sys

from twisted.python import usage

from .. import __version__
from ..config import ConfigError, Loaded, default_path, find_state_dir
from .logs import choose_observer
from .plan import Draft, draft


class Options(usage.Options):
    """Reads the configuration too, so that what is wrong is told before anything is started.

    Paths are made absolute while the options are read: twistd changes its directory later.
    """

    synopsis = "[options]"
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
            " or the folder mailfilter-state in the directory in which the command was typed.",
            os.path.abspath,
        ],
    ]

    draft: Draft
    """The configuration, once the options have been parsed; code of checks has not run yet."""
    state_dir: str
    """Absolute path of the state directory, which need not exist yet."""

    @property
    def loaded(self) -> Loaded:
        """The configuration."""
        return self.draft.loaded

    def getSynopsis(self) -> str:
        """What stands behind `Usage:`, without the place that twist keeps for a plugin: us."""
        return super().getSynopsis().replace(" plugin [plugin_options]", "")

    def opt_version(self) -> None:
        """Display the version of mailfilter and exit."""
        print(f"mailfilter {__version__}")
        sys.exit(0)

    def postOptions(self) -> None:
        """Load the configuration.

        Raises SystemExit with all that is wrong: a usage error would bury it in the help text.
        """
        # Until the master takes it over; its default is to end the process.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        self.state_dir = find_state_dir(self["state-dir"], os.environ, os.getcwd())
        try:
            self.draft = draft(self["config"] or default_path())
        except ConfigError as error:
            raise SystemExit(f"mailfilter: the configuration cannot be used:\n{error}") from None
        for warning in self.loaded.warnings:
            print(f"mailfilter: warning: {warning}", file=sys.stderr)
        choose_observer(self.parent, self.loaded.config.log)
