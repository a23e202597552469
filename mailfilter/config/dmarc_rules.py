"""Aggregate reports of DMARC: whom they come from must be told."""

import re
from collections.abc import Iterator

from .complaint import Complaint, Doubt, Place, told
from .model import Config, DmarcReports
from .problem import Problem
from .toml_text import string_text

_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}+@[A-Za-z0-9-]++(?:\.[A-Za-z0-9-]++)+", re.ASCII
)


_HELO = re.compile(r"[A-Za-z0-9._:\[\]-]++")


def is_address(text: str) -> bool:
    """Whether mail can be sent to and from an address without any quoting."""
    return bool(_ADDRESS.fullmatch(text))


def dmarc_problems(config: Config, place: Place, is_doubtful: Doubt) -> Iterator[Problem]:
    """What reports cannot be without."""
    yield from told(_complaints(config.dmarc_reports), place, is_doubtful)


def dmarc_warnings(config: Config, place: Place) -> Iterator[Problem]:
    """What is allowed but hardly meant."""
    yield from told(_untold(config), place)


def _untold(config: Config) -> Iterator[Complaint]:
    check = config.checks.get("dmarc")
    if config.dmarc_reports.enabled and check is not None and not check.enabled:
        expected = "dmarc_reports.enabled = true: reports tell what this check finds"
        yield Complaint(("checks", "dmarc", "enabled"), "false", expected)


def _complaints(settings: DmarcReports) -> Iterator[Complaint]:
    path = "dmarc_reports"
    wanted = "expected an address such as dmarc-reports@example.org"
    if settings.address and not is_address(settings.address):
        yield Complaint((path, "address"), string_text(settings.address), wanted)
    for at, text in enumerate(settings.bcc):
        if not is_address(text):
            yield Complaint((path, "bcc", at), string_text(text), wanted)
    if settings.helo and not _HELO.fullmatch(settings.helo):
        expected = "expected a name such as filter.example.org"
        yield Complaint((path, "helo"), string_text(settings.helo), expected)
    if not settings.enabled:
        return
    if not settings.address:
        yield Complaint((path, "address"), string_text(""), f"{wanted}: reports come from it")
    if not settings.organization.strip():
        expected = "expected a name: reports say who makes them"
        yield Complaint((path, "organization"), string_text(settings.organization), expected)
