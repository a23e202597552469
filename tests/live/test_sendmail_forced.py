"""Whatever a check asks for, through Sendmail."""

from typing import ClassVar

from . import forced, forced_edits
from .sendmail_case import SendmailCase


class SendmailForcedTests(SendmailCase, forced.ActionCases, forced_edits.EditCases):
    """The cases of every MTA.

    Sendmail adds a field at the end of the header, but before others of its name if there are any.
    """

    twice_added: ClassVar = ("fifth", "fourth", "first", "third")
