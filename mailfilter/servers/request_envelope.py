"""The envelope of a request by HTTP or RSPAMC, from headers, query, metadata (http-scan.md 1.4).

A query argument counts as a header behind the real ones (T5), so that a header wins where only
one value is taken: of several it is the first. All values are data of strangers: they are bounded
here and nothing is believed of them beyond their form.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from math import isfinite

from msgspec import DecodeError
from msgspec.json import decode as decode_json

from ..codec.http1 import RequestHead
from ..scan.envelope import Envelope, IPAddress, Recipient, TlsFacts
from ..scan.networks import read_address
from ..scan.request_settings import RequestSettings, read_settings
from ..scan.verdict import Action

Fields = Sequence[tuple[bytes, bytes]]
"""Names in lower case and values without blanks around them, in order."""

MAX_VALUE = 4096
"""Octets of one value: the longest real ones are names of certificate issuers."""

MAX_ADDRESS = 1024
"""Octets of an address: RFC 5321 4.5.3.1.3 has 256, and some are longer."""

MAX_RECIPIENTS = 1024
"""Recipients of a message: MTAs send at most 1000 in one transaction."""

MAX_RECIPIENT_OCTETS = 256 * MAX_RECIPIENTS
"""Octets of all recipients: as long as RFC 5321 allows each to be."""

MAX_ARGS = 2 * MAX_RECIPIENTS
"""ESMTP arguments of all recipients, and of the sender."""

FLAGS = frozenset(
    (
        "body_block",
        "ext_urls",
        "groups",
        "milter",
        "no_log",
        "no_stat",
        "pass_all",
        "profile",
        "skip",
        "skip_process",
        "ssl",
        "trace",
        "zstd",
    )
)
"""Tokens of `Flags`: those of Rspamd, and `trace`. Case matters."""

_SCORES = {b"maxscore": Action.REJECT, b"softscore": Action.ADD_HEADER}

# The header, its value in lower case (None: any), and the flag that it means.
_FLAG_HEADERS: tuple[tuple[bytes, bytes | None, str], ...] = (
    (b"pass", b"all", "pass_all"),
    (b"log", b"no", "no_log"),
    (b"raw", b"yes", "raw"),
    (b"url-format", b"extended", "ext_urls"),
    (b"milter", None, "milter"),
    (b"profile", None, "profile"),
)
_FLAG_NAMES = frozenset(name for name, _, _ in _FLAG_HEADERS)

_RCPT = b"rcpt"
_SENDER_ARGS = b"x-rspamd-mail-esmtp-args"
_RCPT_ARGS = b"x-rspamd-rcpt-esmtp-args"
_REPEATED = frozenset((_RCPT, _SENDER_ARGS, _RCPT_ARGS))

# Those with bounds of their own.
_LONG = frozenset((b"from", b"settings", _RCPT))

# What clients say when the MTA found no name.
_NO_NAME = frozenset((b"", b"unknown", b"<unknown>", b"nxdomain", b"dnserror"))

# Between commas, but not those in a quoted local part.
_ENTRY = re.compile(
    rb'[ \t,]*+([^,"\\]*+(?:(?:"[^"\\]*+(?:\\.[^"\\]*+)*"?|\\.?)[^,"\\]*+)*)', re.DOTALL
)
_ODD = re.compile(rb'[\s<>"]')
_ADDRESS = re.compile(rb'[^\s<>"]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*"[^\s<>"]*+)*', re.DOTALL)
_RCPT_ARG = re.compile(rb"([0-9]{1,4}):(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Told:
    """What a request tells beside the message."""

    fields: Fields
    settings: object = None
    """Settings that came as an object, not as text."""


def fields_of(head: RequestHead) -> Fields:
    """The headers of a request, and behind them its query arguments."""
    return head.headers + head.arguments


def build_envelope(
    listener: str,
    told: Told,
    *,
    is_trusted: bool = True,
    identity: str | None = None,
    by_key: bool = False,
    passed_on: str | None = None,
) -> Envelope:
    """Make the envelope of a request that came by a listener.

    What is over the bounds is left out, and the trace says so: much of it is a stranger's choice,
    and some clients deliver what is refused here.
    """
    notes: list[str] = []
    single, repeated = _collect(told.fields, notes)
    settings = _settings(single, told.settings, notes, is_trusted=is_trusted)
    recipients, lacks_recipients = _recipients(repeated, notes)
    sender, lacks_sender = _sender(single.get(b"from"), notes)
    if sender is None and not lacks_sender and recipients and b"helo" in single:
        # Haraka and James tell of no sender where it is the null sender.
        sender = ""
    return Envelope(
        listener=listener,
        client_ip=_address(single.get(b"ip")),
        helo=_text(single, b"helo"),
        hostname=_host_name(single.get(b"hostname", b"")),
        sender=sender,
        lacks_sender=lacks_sender,
        sender_args=tuple(_decode(value) for value in repeated[_SENDER_ARGS]),
        recipients=recipients,
        lacks_recipients=lacks_recipients,
        user=_text(single, b"user") or _text(single, b"auth"),
        queue_id=_text(single, b"queue-id"),
        mta_name=_text(single, b"mta-name"),
        mta_host=_text(single, b"mta-name"),
        mta_tag=_text(single, b"mta-tag"),
        tls=_tls(single),
        deliver_to=_decode(_bare(single.get(b"deliver-to", b""))) or None,
        settings_id=_text(single, b"settings-id"),
        settings=settings,
        log_tag=_text(single, b"log-tag"),
        filename=_text(single, b"filename"),
        subject=_text(single, b"subject"),
        flags=_flags(single, notes),
        identity=identity,
        by_key=by_key,
        passed_on=passed_on,
        is_trusted=is_trusted,
        knows_client=is_trusted,
        notes=tuple(notes),
    )


_Repeated = dict[bytes, list[bytes]]


def _collect(fields: Fields, notes: list[str]) -> tuple[dict[bytes, bytes], _Repeated]:
    """Sort the fields: the first value of most, all values of those that are repeated."""
    single: dict[bytes, bytes] = {}
    repeated: _Repeated = {name: [] for name in _REPEATED}
    too_long = too_many = 0
    for name, value in fields:
        if len(value) > MAX_VALUE and name not in _LONG:
            too_long += 1
        elif name not in _REPEATED:
            single.setdefault(name, value)
        elif name != _RCPT and len(repeated[name]) >= MAX_ARGS:
            too_many += 1
        elif value:
            repeated[name].append(value)
    if too_long:
        notes.append(f"envelope: {too_long} headers left out, longer than {MAX_VALUE} octets")
    if too_many:
        notes.append(f"envelope: {too_many} ESMTP arguments left out")
    return single, repeated


def _text(single: dict[bytes, bytes], name: bytes) -> str | None:
    """Return a value as text, `None` if it is absent or empty."""
    value = single.get(name)
    return _decode(value) if value else None


def _decode(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _address(value: bytes | None) -> IPAddress | None:
    """Read an IP address, bare or in brackets; a path of a socket or nonsense is no address."""
    if not value or len(value) > 64:
        return None
    if value[:1] == b"[" and value[-1:] == b"]":
        value = value[1:-1]
    return read_address(value.decode("ascii", "replace"))


def _host_name(value: bytes) -> str | None:
    return None if value.lower() in _NO_NAME or value[:1] == b"[" else _decode(value)


def _settings(
    single: dict[bytes, bytes], given: object, notes: list[str], *, is_trusted: bool
) -> RequestSettings | None:
    """What the client wants for this message; if it has no say in it, whether it wants anything."""
    text = single.get(b"settings")
    if not is_trusted and (text or given is not None):
        return RequestSettings()
    if text and given is None:
        try:
            given = decode_json(text)
        except (DecodeError, UnicodeDecodeError, RecursionError) as error:
            notes.append(f"settings: not JSON: {error}")
    settings = None
    if given is not None:
        settings, complaints = read_settings(given)
        notes += complaints
    scores = {action: _number(single.get(name)) for name, action in _SCORES.items()}
    wanted = {action: score for action, score in scores.items() if score is not None}
    if wanted:
        settings = settings or RequestSettings()
        settings = replace(settings, thresholds={**wanted, **settings.thresholds})
    return settings


def _number(value: bytes | None) -> float | None:
    try:
        number = float(value[:32]) if value else None
    except ValueError:
        return None
    return number if number is not None and isfinite(number) else None


def _bare(value: bytes) -> bytes:
    """Take away angle brackets."""
    return value[1:-1] if value[:1] == b"<" and value[-1:] == b">" else value


def _mailbox(value: bytes) -> bytes | None:
    """Return the address without angle brackets, `None` if it cannot be one."""
    if len(value) > MAX_ADDRESS:
        return None
    value = _bare(value)
    if _ODD.search(value) and not _ADDRESS.fullmatch(value):
        return None
    return value


def _sender(value: bytes | None, notes: list[str]) -> tuple[str | None, bool]:
    """Return the sender, and whether there was one that cannot be read."""
    if value is None:
        return None, False
    mailbox = _mailbox(value)
    if mailbox is None:
        notes.append("envelope: the sender is no address")
        return None, True
    return _decode(mailbox), False


def _recipients(repeated: _Repeated, notes: list[str]) -> tuple[tuple[Recipient, ...], bool]:
    """Return the recipients, and whether some are left out."""
    values, is_cut = _bounded(repeated[_RCPT])
    entries = list(islice(_entries(values), MAX_RECIPIENTS + 1))
    if is_cut or len(entries) > MAX_RECIPIENTS:
        del entries[MAX_RECIPIENTS:]
        is_cut = True
        notes.append(f"envelope: recipients behind the first {len(entries)} are not looked at")
    args = _recipient_args(repeated[_RCPT_ARGS])
    found: list[Recipient] = []
    for index, entry in enumerate(entries):
        mailbox = _mailbox(entry)
        if mailbox:
            found.append(Recipient(_decode(mailbox), tuple(args.get(index, ()))))
    unread = len(entries) - len(found)
    if unread:
        notes.append(f"envelope: {unread} recipients are no addresses")
    return tuple(found), is_cut or unread > 0


def _bounded(values: list[bytes]) -> tuple[list[bytes], bool]:
    """Return the values that are looked at, and whether there are more."""
    room = MAX_RECIPIENT_OCTETS
    for index, value in enumerate(values):
        room -= len(value)
        if room < 0 or index == MAX_RECIPIENTS:
            return values[:index], True
    return values, False


def _entries(values: list[bytes]) -> Iterator[bytes]:
    """Cut lists at their commas; empty entries are none."""
    for value in values:
        for entry in _ENTRY.finditer(value):
            if text := entry[1].rstrip(b" \t"):
                yield text


def _recipient_args(values: list[bytes]) -> dict[int, list[str]]:
    """Read `INDEX:KEY=VALUE`; what is of another form is left out."""
    args: dict[int, list[str]] = {}
    for value in values:
        parts = _RCPT_ARG.fullmatch(value)
        if parts is not None:
            args.setdefault(int(parts[1]), []).append(_decode(parts[2]))
    return args


def _tls(single: dict[bytes, bytes]) -> TlsFacts | None:
    version = _text(single, b"tls-version")
    cipher = _text(single, b"tls-cipher")
    issuer = _text(single, b"tls-cert-issuer")
    if version is None and cipher is None and issuer is None:
        return None
    return TlsFacts(version=version, cipher=cipher, cert_issuer=issuer)


def _flags(single: dict[bytes, bytes], notes: list[str]) -> frozenset[str]:
    """Return the flags."""
    flags: set[str] = set()
    if tokens := single.get(b"flags"):
        given = {token.strip() for token in _decode(tokens).split(",")} - {""}
        flags = given & FLAGS
        if len(flags) < len(given):
            notes.append(f"flags: {len(given - flags)} unknown")
        if "skip_process" in flags:
            flags.add("skip")
    if not _FLAG_NAMES.isdisjoint(single):
        for name, expected, flag in _FLAG_HEADERS:
            value = single.get(name)
            if value is not None and expected in (None, value.lower()):
                flags.add(flag)
    return frozenset(flags)
