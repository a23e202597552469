"""maildrop for a user."""

import subprocess

from .lda_case import Box, page
from .lda_rules import Agent

NAME = "maildrop"


def _prepare(box: Box) -> None:
    if (box.home / "Maildir").exists():
        return
    commands = page(NAME, "sh", box)
    done = subprocess.run(
        ["sh", "-ec", commands],
        user=box.user,
        group=box.user,
        extra_groups=[],
        cwd="/",
        check=False,
    )
    assert done.returncode == 0, commands


_WISHES = """
if (/^X-LDA-Exit: ([0-9]+)/)
{
  EXITCODE=$MATCH1
  exit
}
if (/^X-LDA-Later: yes/)
{
  `test -e $HOME/open`
  if ($RETURNCODE != 0)
  {
    EXITCODE=75
    exit
  }
}
"""
MAILDROP = Agent(NAME, "maildrop", _WISHES, _prepare)
