"""What must hold of the header fields that a configuration adds and removes."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import get_args

from ..syntax import FIELD_NAME, MAX_HOST_NAME, NOT_PRINTABLE
from .complaint import Complaint, Doubt, Place, told
from .model import Config, HeaderName, HeaderSettings
from .names import nearest
from .problem import Problem
from .toml_text import KeyPath, string_text

_ROUTINES: tuple[HeaderName, ...] = get_args(HeaderName)
_TAKEN_ROUTINES = ("authentication-results", "received-spf")
_NAMELESS = ("add-headers", "remove-header", "remove-headers")
_TAKEN_FIELDS = re.compile(
    r"from|sender|reply-to|to|cc|bcc|message-id|in-reply-to|references|subject|comments|keywords"
    r"|date|return-path|received|received-spf|delivered-to|mime-version|content-.*|resent-.*"
    r"|list-.*|arc-.*|dkim-signature|authentication-results|autocrypt|auto-submitted|precedence",
    re.IGNORECASE,
)
_TEXTS = (
    "spam_value",
    "bar_positive",
    "bar_negative",
    "bar_neutral",
    "level_char",
    "server_name",
    "virus_clean",
    "virus_infected",
    "virus_fail",
)
_TAKEN = "expected a name that mail does not use: fields of it are removed"
_INVALID = 'expected the name of a header field such as "X-Mailfilter-Trace"'


def header_problems(config: Config, place: Place, is_doubtful: Doubt) -> Iterator[Problem]:
    """What is wrong."""
    settings = config.headers
    yield from told(_taken(config), place, is_doubtful)
    yield from told(_wrong_names(settings), place, is_doubtful)
    yield from told(_wrong_texts(settings), place, is_doubtful)


def header_warnings(config: Config, place: Place) -> Iterator[Problem]:
    """What is allowed but hardly meant."""
    settings = config.headers
    yield from told(_unused(settings), place)
    yield from told(_missing(settings), place)
    yield from told(_forged(settings), place)


def _taken(config: Config) -> Iterator[Complaint]:
    """Fields that mail needs, or that others read, and that would be replaced."""
    name = config.scan.trace_header
    if _TAKEN_FIELDS.fullmatch(name):
        hint = 'did you mean "X-Mailfilter-Trace"?'
        yield Complaint(("scan", "trace_header"), string_text(name), _TAKEN, hint)
    for listener, settings in config.listeners.items():
        if _TAKEN_FIELDS.fullmatch(settings.spam_header):
            path = ("listeners", listener, "spam_header")
            yield Complaint(
                path, string_text(settings.spam_header), _TAKEN, 'did you mean "X-Spam"?'
            )
    for routine, name in config.headers.names.items():
        usual = routine in _TAKEN_ROUTINES and name.lower() == routine
        if not usual and _TAKEN_FIELDS.fullmatch(name):
            yield Complaint(("headers", "names", routine), string_text(name), _TAKEN)


def _wrong_names(settings: HeaderSettings) -> Iterator[Complaint]:
    """Keys that are no routine, and no name of a field."""
    for routine in settings.names:
        path = ("headers", "names", routine)
        if routine in _NAMELESS:
            yield Complaint(
                path,
                None,
                "this routine has no field of its own",
                "see headers.add and headers.remove",
            )
        elif routine not in _ROUTINES:
            near = nearest(routine, _ROUTINES)
            hint = f"did you mean {near}?" if near else ""
            yield Complaint(path, None, "expected the name of a routine, as in headers.use", hint)
    tables: Mapping[str, Collection[str]] = {"add": settings.add, "remove": settings.remove}
    for table, names in tables.items():
        for name in names:
            if not FIELD_NAME.fullmatch(name):
                yield Complaint(("headers", table, name), None, _INVALID)
            elif _TAKEN_FIELDS.fullmatch(name):
                yield Complaint(("headers", table, name), None, _TAKEN)


def _wrong_texts(settings: HeaderSettings) -> Iterator[Complaint]:
    for key in _TEXTS:
        text: str = getattr(settings, key)
        if NOT_PRINTABLE.search(text):
            yield Complaint(("headers", key), string_text(text), "expected printable ASCII")
    name = settings.authserv_id
    if name and (len(name) > MAX_HOST_NAME or not name.isprintable() or " " in name):
        yield Complaint(
            ("headers", "authserv_id"), string_text(name), "expected the name of a server"
        )


def _unused(settings: HeaderSettings) -> Iterator[Complaint]:
    """Lists of routines that name one which does not run."""
    routines = settings.routines()
    lists: Mapping[str, tuple[HeaderName, ...]] = {
        "local_headers": settings.local_headers,
        "authenticated_headers": settings.authenticated_headers,
        "keep": settings.keep,
    }
    for key, names in lists.items():
        for at, name in enumerate(names):
            if name not in routines:
                path: KeyPath = ("headers", key, at)
                yield Complaint(path, string_text(name), "has no effect: the routine is not in use")
    for routine in settings.names:
        if routine not in routines:
            path = ("headers", "names", routine)
            yield Complaint(path, None, "has no effect: the routine is not in use")
    for key, skip in (
        ("local_headers", settings.skip_local),
        ("authenticated_headers", settings.skip_authenticated),
    ):
        if lists[key] and not skip:
            off = f"skip_{key.removesuffix('_headers')}"
            yield Complaint(("headers", key), None, f"has no effect with {off} = false")


def _forged(settings: HeaderSettings) -> Iterator[Complaint]:
    for at, routine in enumerate(settings.keep):
        if routine == "authentication-results" and routine in settings.routines():
            expected = "forged fields with our name stay, and are believed"
            yield Complaint(("headers", "keep", at), string_text(routine), expected)


def _missing(settings: HeaderSettings) -> Iterator[Complaint]:
    """Routines without what they are to write, and the other way round."""
    routines = settings.routines()
    needs = (
        ("add", settings.add, ("add-headers",)),
        ("remove", settings.remove, ("remove-headers", "remove-header")),
        ("virus_symbols", settings.virus_symbols, ("x-virus",)),
    )
    for key, value, wanted in needs:
        using = [routine for routine in wanted if routine in routines]
        if value and not using:
            expected = f'has no effect without "{wanted[0]}" in headers.use'
            yield Complaint(("headers", key), None, expected)
        elif using and not value:
            expected = f'"{using[0]}" does nothing without headers.{key}'
            yield Complaint(("headers", "use"), None, expected)
