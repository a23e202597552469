"""One certificate of ours, or what one listener verifies by: its files, read and checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from cryptography import x509
from msgspec import structs
from OpenSSL import SSL

from ..auth.signing_keys import SigningKey
from ..codec.control import Credentials, KeypairFile, Pair, SigningFile, Trust
from ..codec.httpcrypt import Keypair
from ..config import Problem
from ..config.model import Certificate, Listener
from ..syntax import moment
from ..tls.contexts import build_sides
from ..tls.errors import TlsError
from ..tls.pair import PairError, Shown, check_server, read_pair
from ..tls.trust import TrustError, Verifying, read_trust
from .credential_files import Desk, Refused, Setting, with_sequel

Files = TypeVar("Files", Pair, Trust, KeypairFile, SigningFile)
Parsed = TypeVar("Parsed", Shown, Verifying, Keypair, SigningKey)


@dataclass(frozen=True, slots=True)
class Kept(Generic[Files, Parsed]):
    """Files that can be used together."""

    files: Files
    parsed: Parsed = field(repr=False)
    since: float
    """Unix time at which they were taken."""
    paths: tuple[str, ...]
    """Where they were read from."""
    trouble: Problem | None = None
    """Why they are used, and not all that the files hold now; and what comes of it."""


KeptPair = Kept[Pair, Shown]
KeptTrust = Kept[Trust, Verifying]


def pair_settings(name: str, certificate: Certificate) -> dict[str, Setting]:
    """The settings of a certificate that name files."""
    paths = {"chain": certificate.chain, "key": certificate.key, "ocsp": certificate.ocsp}
    return {
        part: Setting(("certificates", name, part), paths[part]) for part in paths if paths[part]
    }


def pair_paths(name: str, certificate: Certificate) -> tuple[str, ...]:
    """The files alone."""
    return tuple(setting.path for setting in pair_settings(name, certificate).values())


def trust_settings(name: str, listener: Listener) -> list[Setting]:
    """The same of a listener's trust, in the order of `Trust`; authorities first, if any."""
    found = [Setting(("listeners", name, "client_ca"), listener.client_ca)]
    lists = [Setting(("listeners", name, "client_crl"), path) for path in listener.client_crl]
    return [*(found if listener.client_ca else ()), *lists]


def trust_paths(name: str, listener: Listener) -> tuple[str, ...]:
    """The files alone."""
    return tuple(setting.path for setting in trust_settings(name, listener))


def take_pair(desk: Desk, name: str, old: KeptPair | None, now: float) -> KeptPair:
    """Read a certificate of ours at this Unix time. Raises Refused."""
    certificate = desk.loaded.config.certificates[name]
    settings, paths = pair_settings(name, certificate), pair_paths(name, certificate)
    data = {part: desk.read(setting) for part, setting in settings.items() if part != "ocsp"}
    trouble = None
    try:
        answer = desk.read(settings["ocsp"]) if "ocsp" in settings else b""
        files, shown = _read_pair(desk, settings, Pair(name=name, ocsp=answer, **data))
    except Refused as refused:
        if refused.setting != settings.get("ocsp"):
            raise
        holds = old is not None and old.parsed.facts.holds(now)
        if old is not None and old.paths != paths and holds:
            raise
        files, shown = _read_without(desk, settings, Pair(name=name, **data), old, refused)
        is_other = old is not None and shown.chain[0] != old.parsed.chain[0]
        if refused.is_revoked and is_other and holds:
            # One that comes as revoked is no better than the one before.
            raise
        goes_on = "the answer before goes on" if files.ocsp else "no answer is shown"
        trouble = with_sequel(refused.problem, goes_on)
    if old is not None and _grade(shown, now) < _grade(old.parsed, now):
        raise desk.refused(settings["chain"], _not_held(shown, now), "the one before still holds")
    listeners = {
        at: replace(listener, certificates=(name,), client_auth="off")
        for at, listener in desk.loaded.config.listeners.items()
        if listener.enabled and name in listener.certificates
    }
    _try_out(desk, settings["chain"], listeners, Credentials(pairs=(files,)))
    return Kept(files, shown, since(files, old, now), paths, trouble)


def _read_without(
    desk: Desk,
    settings: Mapping[str, Setting],
    files: Pair,
    old: KeptPair | None,
    refused: Refused,
) -> tuple[Pair, Shown]:
    """With the answer before in place of the one that is refused, if it fits; else with none.

    Whoever takes the file away, or has an answer that the certificate is revoked, does not want
    the old one to be shown. At the start there is none: that is no reason to have no filter.
    """
    files, shown = _read_pair(desk, settings, files)
    is_gone = desk.stamps.get(settings["ocsp"].path) is None
    if old is None or refused.is_revoked or is_gone or not old.files.ocsp:
        return files, shown
    try:
        return _read_pair(desk, settings, structs.replace(files, ocsp=old.files.ocsp))
    except Refused:
        return files, shown


def _read_pair(desk: Desk, settings: Mapping[str, Setting], files: Pair) -> tuple[Pair, Shown]:
    try:
        shown = read_pair(files)
        check_server(shown)
        return files, shown
    except PairError as error:
        # A key that is not in a file of its own is in that of the chain.
        setting = settings.get(error.part, settings["chain"])
        problem = desk.problem(setting, str(error))
        raise Refused(setting, problem, is_revoked=error.is_revoked) from None


def _try_out(
    desk: Desk, setting: Setting, listeners: Mapping[str, Listener], credentials: Credentials
) -> None:
    """Ask OpenSSL whether it takes them: make of them what a worker makes. Raises Refused."""
    try:
        build_sides(replace(desk.loaded.config, listeners=listeners), credentials)
    except TlsError as error:
        prefix = ".".join(map(str, setting.key[:2]))
        raise desk.refused(setting, str(error).removeprefix(f"{prefix}: ")) from None
    except SSL.Error:
        raise desk.refused(setting, "OpenSSL does not take it") from None


def take_trust(
    desk: Desk, name: str, old: KeptTrust | None, pairs: Mapping[str, KeptPair], now: float
) -> KeptTrust:
    """Read what a listener verifies by at this Unix time; `pairs` are what it may show.

    Raises Refused.
    """
    listener = desk.loaded.config.listeners[name]
    settings = trust_settings(name, listener)
    files, verifying = _read_trust(desk, name, settings)
    for authority in verifying.unlisted():
        text = f"no list of {authority}: all of its certificates are refused"
        desk.warnings.append(desk.problem(settings[-1], text))
    if old is not None and not old.parsed.stale(now) and (stale := verifying.stale(now)):
        raise desk.refused(settings[-1], f"{stale[0]} is out of date", "the one before is not")
    shown = tuple(pairs[item].files for item in listener.certificates if item in pairs)
    if settings and len(shown) == len(listener.certificates):
        credentials = Credentials(pairs=shown, trusts=(files,))
        _try_out(desk, settings[0], {name: listener}, credentials)
    return Kept(files, verifying, since(files, old, now), trust_paths(name, listener))


def _read_trust(desk: Desk, name: str, settings: Sequence[Setting]) -> tuple[Trust, Verifying]:
    data = [(setting, desk.read(setting)) for setting in settings]
    authorities = [item for item in data if item[0].key[-1] == "client_ca"]
    lists = [item for item in data if item not in authorities]
    files = Trust(
        listener=name,
        authorities=b"".join(octets for _, octets in authorities),
        revoked=tuple(octets for _, octets in lists),
    )
    try:
        return files, read_trust(files)
    except TrustError as error:
        found = authorities if error.part == "authorities" else lists
        raise desk.refused(found[error.number][0], str(error)) from None


def since(files: Files, old: "Kept[Files, Parsed] | None", now: float) -> float:
    """When files were taken that are there at this Unix time."""
    return old.since if old is not None and old.files == files else now


def _grade(shown: Shown, now: float) -> int:
    """0 where the certificate does not hold at this Unix time, 1 where one that has signed it does
    not, else 2."""
    if not shown.facts.holds(now):
        return 0
    return 2 if all(_holds(item, now) for item in shown.chain) else 1


def _holds(certificate: x509.Certificate, now: float) -> bool:
    begins, expires = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return begins.timestamp() <= now <= expires.timestamp()


def _not_held(shown: Shown, now: float) -> str:
    """The first of a chain that does not hold, in words; there is one."""
    first = next(item for item in shown.chain if not _holds(item, now))
    what = "the certificate"
    if first is not shown.chain[0]:
        what = f"{first.subject.rfc4514_string()} in its chain"
    if now < (begins := first.not_valid_before_utc.timestamp()):
        return f"{what} does not hold before {moment(begins)}"
    return f"{what} has expired at {moment(first.not_valid_after_utc.timestamp())}"
