"""Is Message-ID of the form that the named mail program gives it?"""

import re
from typing import NamedTuple

from ..mail.headers import Headers
from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task

MOST = 500
"""Characters of a field that are looked at."""

_YEAR_TO_DAY = r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_UUID = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_MOZILLA = rf"[3-7][0-9A-F]{{7}}\.[0-9A-F]{{1,8}}|{_UUID}"
"""A time in seconds and a random number; UUIDs since 2015."""

_OUTLOOK = (
    # A counter, and the time in units of 100 ns since 1601: 01b9... to 01df... is 1995 to 2040.
    r"(?:[0-9a-f]{4})?01[b-d][0-9a-f]{5}(?:\$[0-9a-f]{8}){2}\$?"
    r"|01[B-D][0-9A-F]{5}\.[0-9A-F]{8}(?:\.[^@]++)?|[A-Z]{24,28}(?:\.[^@]++)?|[0-9A-F]{32}|!&!A[0-9A-Za-z+/=]++|[A-Z]+\d*-[A-Z0-9]{20,40}"
)
_HASH = re.compile(r"(?:[0-9a-f]{8}|[0-9a-f]{12})(?:\$[0-9a-f]{8}){2}\$?")
_SERVER = re.compile(
    # Sendmail; Postfix and Exim, which are not alone with their forms; qmail, Yahoo.
    rf"{_YEAR_TO_DAY}(?:\d{{4}}\.\w{{8,16}}|\d{{6}}\.[0-9A-Za-z]{{6,20}})"
    r"|E?[0-9A-Za-z]{6}-[0-9A-Za-z]{6,11}-[0-9A-Za-z]{2,4}|(?:\d+\.){2}(?:qmail|qm|bm|\d{13})"
    # Exchange, old and new, and what its SMTP service and Hotmail make; Sun and Apple.
    rf"|[0-9A-Z]{{12,64}}(?:\.\w++\.prod\.outlook\.com)?|{_UUID}|[A-Za-z][\w-]{{11,}}00[0-9a-f]{{6}}"
    r"|[0-9a-z]{10}-\d"
    # Google, Amazon, Tencent, CommuniGate; INN and other servers of news; list servers.
    r"|[0-9a-f.]{8,40}\.(?:[0-9a-f]{5}\.[0-9a-f]{4}|SMTPIN_ADDED_[A-Z]+)|[0-9a-f]{16}-[0-9a-f-]{36}-\d{6}"
    r"|tencent_[0-9A-F]+|auto-\d+|[0-9a-z]{5,8}(?:\$[0-9a-z]{1,8}){1,3}|(?:LYRIS|MDAEMON)-.*+|\d+\.\d+\.TMDA",
    re.ASCII,
)
"""Forms of servers, which give one to mail without."""


class _Program(NamedTuple):
    """A program, the forms it uses, and symbols for what looks like them and is not, and others."""

    claim: re.Pattern[str]
    own: re.Pattern[str]
    outline: re.Pattern[str]
    wrong: str
    unknown: str


_DOTTED = r"[0-9A-Za-z]{1,16}\.[0-9A-Za-z]{1,16}"


def _program(claim: str, own: str, wrong: str, unknown: str, outline: str = _DOTTED) -> _Program:
    return _Program(
        re.compile(claim),
        re.compile(own, re.ASCII),
        re.compile(rf"{outline}|{_HASH.pattern}", re.ASCII),
        wrong,
        unknown,
    )


def _mozilla(claim: str, name: str) -> _Program:
    symbol = f"FORGED_MUA_{name}_MSGID"
    return _program(claim, _MOZILLA, symbol, f"{symbol}_UNKNOWN")


_PROGRAMS = (
    _mozilla(r".*?\bThunderbird\b", "THUNDERBIRD"),
    _mozilla(r".*?\bSeaMonkey/", "SEAMONKEY"),
    _mozilla(r".*?\bPostbox/|Postbox ", "POSTBOX"),
    _mozilla(r"Mozilla[ /]\d(?!.*(?:Chrome|Safari|Firefox|MSIE|Trident))", "MOZILLA_MAIL"),
    _program(
        r"KMail[ /]",
        rf"{_YEAR_TO_DAY}\d{{4}}\.\d{{5}}(?:\.[^@]++)?|\d{{14}}\.\d{{5}}|\d+\.[0-9A-Za-z]+",
        "FORGED_MUA_KMAIL_MSGID_UNKNOWN",
        "FORGED_MUA_KMAIL_MSGID_UNKNOWN",
    ),
    _program(
        r"Opera (?:Mail|M2)/",
        r"op(?:\.|r)[0-9a-z.]{8,24}",
        "FORGED_MUA_OPERA_MSGID",
        "FORGED_MUA_OPERA_MSGID",
    ),
    _program(
        r"The Bat! \(v?\d",
        rf"\d{{1,14}}\.{_YEAR_TO_DAY}(?:[01]\d|2[0-3])[0-5]\d[0-5]\d",
        "FORGED_MUA_THEBAT_MSGID",
        "FORGED_MUA_THEBAT_MSGID_UNKNOWN",
    ),
    _program(
        r"Internet Mail Service",
        r"[0-9A-F]{30,50}",
        "FORGED_IMS",
        "FORGED_IMS",
    ),
    _program(
        r"Microsoft (?:Office )?Outlook",
        _OUTLOOK,
        "FORGED_MUA_OUTLOOK",
        "FORGED_MUA_OUTLOOK",
    ),
)


class MailerMessageId(Check):
    """Compares the first Message-ID with the program that X-Mailer or User-Agent names.

    Servers and lists give mail a Message-ID, too; their forms are no lie of the author's. A form is
    wrong if it is like one of the program's and cannot be, as with a time that has not come.
    """

    name = "mailer_message_id"
    symbols = {
        "FORGED_IMS": Symbol(3.0, "headers", "false Internet Mail Service mailer"),
        "FORGED_MUA_KMAIL_MSGID_UNKNOWN": Symbol(
            2.5, "mua", "claimed KMail, unknown Message-ID form"
        ),
        "FORGED_MUA_MOZILLA_MAIL_MSGID": Symbol(4.0, "mua", "claimed Mozilla, wrong Message-ID"),
        "FORGED_MUA_MOZILLA_MAIL_MSGID_UNKNOWN": Symbol(
            2.5, "mua", "claimed Mozilla, unknown Message-ID form"
        ),
        "FORGED_MUA_OPERA_MSGID": Symbol(4.0, "mua", "claimed Opera Mail, wrong Message-ID"),
        "FORGED_MUA_OUTLOOK": Symbol(3.0, "mua", "claimed Outlook, headers do not fit"),
        "FORGED_MUA_POSTBOX_MSGID": Symbol(4.0, "mua", "claimed Postbox, wrong Message-ID"),
        "FORGED_MUA_POSTBOX_MSGID_UNKNOWN": Symbol(
            2.5, "mua", "claimed Postbox, unknown Message-ID form"
        ),
        "FORGED_MUA_SEAMONKEY_MSGID": Symbol(4.0, "mua", "claimed SeaMonkey, wrong Message-ID"),
        "FORGED_MUA_SEAMONKEY_MSGID_UNKNOWN": Symbol(
            2.5, "mua", "claimed SeaMonkey, unknown Message-ID form"
        ),
        "FORGED_MUA_THEBAT_MSGID": Symbol(4.0, "mua", "claimed The Bat!, wrong Message-ID"),
        "FORGED_MUA_THEBAT_MSGID_UNKNOWN": Symbol(
            3.0, "mua", "claimed The Bat!, unknown Message-ID form"
        ),
        "FORGED_MUA_THUNDERBIRD_MSGID": Symbol(4.0, "mua", "claimed Thunderbird, wrong Message-ID"),
        "FORGED_MUA_THUNDERBIRD_MSGID_UNKNOWN": Symbol(
            2.5, "mua", "claimed Thunderbird, unknown Message-ID form"
        ),
        "RATWARE_MS_HASH": Symbol(2.0, "headers", "false Exchange style hash"),
    }

    def run(self, task: Task) -> Findings:
        headers = task.message.headers
        header = headers.get("Message-ID")
        left = _left_part(header.unfolded[:MOST]) if header is not None else ""
        if not left:
            return ()
        program = _claimed(headers)
        symbol = _false_hash(left) if program is None else _judge(program, left)
        return [Hit(symbol, options=(left[:60],))] if symbol else ()


def _left_part(text: str) -> str:
    """What is before the at sign; all if there is none."""
    inner = text.strip().removeprefix("<").partition(">")[0]
    return inner.rpartition("@")[0] or inner


def _claimed(headers: Headers) -> _Program | None:
    for name in ("X-Mailer", "User-Agent"):
        header = headers.get(name)
        if header is None:
            continue
        claim = header.unfolded[:MOST].strip()
        for program in _PROGRAMS:
            if program.claim.match(claim):
                return program
    return None


def _judge(program: _Program, left: str) -> str | None:
    if program.own.fullmatch(left):
        return None
    is_hash = _HASH.fullmatch(left) is not None
    if _SERVER.fullmatch(left) and not is_hash:
        return None
    return program.wrong if program.outline.fullmatch(left) else program.unknown


def _false_hash(left: str) -> str | None:
    """A form that is Outlook's, but for its time, from no program that is named."""
    is_false = _HASH.fullmatch(left) and not re.fullmatch(_OUTLOOK, left)
    return "RATWARE_MS_HASH" if is_false else None
