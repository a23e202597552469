"""What a server with TLS was found to speak, as text: nothing of it gets to a terminal as it is."""

from collections.abc import Iterator, Sequence

from cryptography import x509

from ..report.escape import escape
from ..syntax import moment
from ..tls.errors import TlsError
from ..tls.facts import facts
from ..tls.outgoing_words import NO_TLS
from .tls_probe import Findings, Look, Trial
from .tls_staple import staple_words

MAX_NAMES = 20
"""Shown of one certificate."""
MAX_NAME = 100
"""Characters of one."""
DAY = 86400.0

_NOBODY = "it shows no certificate, so that nobody can know who it is"
_UNKNOWN = "not known"
_RESUMED = {True: "yes", False: "no", None: _UNKNOWN}


def findings_text(findings: Findings, now: float) -> str:
    """For people; `now` is Unix time."""
    lines = list(_spoken(findings, now)) if findings.look.version else []
    return "\n".join([*lines, _judgement(findings)])


def would_connect(findings: Findings) -> bool:
    """Whether the filter would."""
    return findings.trial is not None and not findings.trial.trouble


def _spoken(findings: Findings, now: float) -> Iterator[str]:
    look, trial = findings.look, findings.trial or Trial()
    yield from table(
        [
            ("version", look.version or _UNKNOWN),
            ("cipher", escape(look.cipher) or _UNKNOWN),
            ("ALPN", escape(look.alpn) or "none"),
            ("OCSP", escape(staple_words(look.staple, _whole_chain(look, trial), now))),
            ("resumption", _RESUMED[trial.is_resumed]),
            ("wants a certificate", _wants(findings)),
        ]
    )
    for at, certificate in enumerate(look.chain):
        yield ""
        yield "certificate" if not at else f"authority {at}"
        yield from certificate_lines(certificate, now, is_short=at > 0)
    if look.shown > len(look.chain):
        yield ""
        yield f"{look.shown - len(look.chain)} more certificates, which were not looked at"
    yield ""


def _wants(findings: Findings) -> str:
    if not findings.look.wants_certificate:
        return "no"
    trial = findings.trial
    is_optional = trial is not None and not (trial.trouble or trial.has_certificate)
    return "yes, and does without" if is_optional else "yes"


def _whole_chain(look: Look, trial: Trial) -> Sequence[x509.Certificate]:
    """The verified one knows the authority also if that is not shown."""
    return trial.chain if trial.chain and look.chain[:1] == trial.chain[:1] else look.chain


def _judgement(findings: Findings) -> str:
    if findings.look.trouble == NO_TLS:
        return f"no: {NO_TLS} from the first octet; STARTTLS was not tried"
    if findings.trial is None:
        return f"no: {escape(findings.look.trouble or _NOBODY)}"
    if findings.trial.trouble:
        return f"no: {escape(findings.trial.trouble)}"
    return "ok: we would connect"


def certificate_lines(
    certificate: x509.Certificate, now: float, *, is_short: bool = False
) -> Iterator[str]:
    """What a certificate says; of authorities less is of interest."""
    try:
        found = facts(certificate)
    except TlsError as error:
        yield f"  {escape(str(error))}"
        return
    rows = [("subject", escape(found.subject) or "(none)"), ("issuer", escape(found.issuer))]
    if not is_short:
        rows.append(("names", names_text(found.names)))
    rows += [("begins", moment(found.begins)), ("expires", expiry(found.expires, now))]
    if not is_short:
        rows += [
            ("key", escape(found.key)),
            ("fingerprint", found.fingerprint),
            ("public key", found.public_key),
        ]
    yield from table(rows)


def names_text(names: Sequence[str]) -> str:
    """The names that a certificate is for."""
    shown = [escape(name, MAX_NAME) for name in names[:MAX_NAMES]]
    more = [f"{len(names) - MAX_NAMES} more"] if len(names) > MAX_NAMES else []
    return ", ".join([*shown, *more]) or "none, so that no name fits"


def expiry(seconds: float, now: float) -> str:
    """Unix time of when something expires, in days too."""
    days = abs(seconds - now) / DAY
    words = f"in {days:.1f} days" if seconds >= now else f"{days:.1f} days ago"
    return f"{moment(seconds)} ({words})"


def table(rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Names and values, one below the other."""
    width = max(len(name) for name, _ in rows)
    yield from (f"  {name:{width}}  {value}" for name, value in rows)
