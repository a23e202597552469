"""procmail with mailfilterc as its filter, and as what mailfilterc delivers by."""

from typing import ClassVar

from . import lda_rules
from .lda_rules import Agent
from .procmail import PROCMAIL


class FilterTests(lda_rules.FilterCases):
    """As a filter."""

    agent: ClassVar[Agent] = PROCMAIL


class ExecTests(lda_rules.ExecCases):
    """As what delivers."""

    agent: ClassVar[Agent] = PROCMAIL
