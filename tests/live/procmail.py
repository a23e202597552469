"""procmail for a user."""

from .lda_case import Box
from .lda_rules import Agent


def _prepare(box: Box) -> None:
    folder = box.home / "Maildir"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o777)


_WISHES = """
:0
* ^X-LDA-Exit: \\/[0-9]+
{
  EXITCODE=$MATCH
  :0
  /dev/null
}
:0
* ^X-LDA-Later: yes
* ! ? test -e $HOME/open
{
  EXITCODE=75
  HOST
}
"""
PROCMAIL = Agent("procmail", "procmailrc", _WISHES, _prepare)
