"""Whose mail is signed, and for which domain: the conditions of Rspamd's dkim_signing by name."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..auth.author import NoAuthor, author_domain
from ..auth.signing_keys import SigningKey
from ..codec.dns_name import BadName, normal_name
from ..mail.public_suffix import load_suffixes, organizational_domain
from ..maps import Map
from ..scan.check import Given
from ..scan.networks import Networks, local_networks
from ..scan.task import Task
from ._options import read_flag

OPTIONS = (
    "sign_authenticated",
    "sign_local",
    "sign_inbound",
    "sign_networks",
    "sign_networks_map",
    "use_domain",
    "use_domain_sign_local",
    "use_domain_sign_networks",
    "use_domain_sign_inbound",
    "use_esld",
    "allow_envfrom_empty",
    "allow_hdrfrom_mismatch",
    "allow_hdrfrom_mismatch_local",
    "allow_hdrfrom_mismatch_sign_networks",
    "allow_hdrfrom_multiple",
    "allow_username_mismatch",
    "skip_spam_sign",
)

_SOURCES = ("header", "envelope", "auth", "recipient")


class NotSignedError(Exception):
    """A message is not to be signed; says why."""


@dataclass(frozen=True, slots=True)
class _Client:
    """What is known of who has sent a message."""

    has_login: bool
    user: str
    """Its login name; a relay that it has logged in with does not tell that."""
    is_local: bool
    is_of_networks: bool

    @property
    def is_inbound(self) -> bool:
        return not self.is_local and not self.has_login


@dataclass(frozen=True, slots=True)
class _Domains:
    """The domains that a message names; empty where there is none."""

    header: str
    envelope: str
    auth: str
    recipient: str

    def named(self, source: str) -> str:
        """That of a source, or the domain that stands in its place."""
        return str(getattr(self, source)) if source in _SOURCES else source


class SigningRules:
    """The conditions, as a check's options have them. Raises ValueError for what is wrong there.

    `defaults` has flags that are not those of Rspamd's dkim_signing.
    """

    def __init__(self, given: Given, defaults: Mapping[str, bool] | None = None) -> None:
        flags = {**_FLAGS, **(defaults or {})}
        self._flags = {
            key: read_flag(given.options, key, default) for key, default in flags.items()
        }
        self._use = {key: _read_source(given.options, key) for key in _USES}
        self._use["use_domain"] = self._use["use_domain"] or "header"
        self._local = local_networks(given.scan.local_networks)
        self._networks = _read_networks(given.options, "sign_networks")
        self._networks_map = _read_map(given, "sign_networks_map")
        self._keys = given.keys
        if self._may("use_esld"):
            load_suffixes()

    def keys(self, task: Task) -> tuple[SigningKey, ...]:
        """The keys that are to sign a message, at least one. Raises NotSignedError."""
        if not len(self._keys):
            raise NotSignedError("there are no keys")
        client = self._client(task)
        self._check_client(task, client)
        domains = self._domains(task, client)
        domain = self._use_of(client, domains)
        self._check_domains(client, domains, domain)
        found = self._keys.find(domain) or self._keys.find(self._owner(domain))
        if not found:
            raise NotSignedError(f"there is no key of {domain}")
        return found

    def _may(self, flag: str) -> bool:
        return self._flags[flag]

    def _client(self, task: Task) -> _Client:
        origin, envelope = task.origin, task.envelope
        user = "" if origin.is_relayed else envelope.user or ""
        return _Client(
            origin.is_authenticated,
            user,
            origin.ip in self._local,
            origin.ip in self._networks
            or (origin.ip is not None and origin.ip in self._networks_map),
        )

    def _check_client(self, task: Task, client: _Client) -> None:
        if not task.envelope.is_trusted:
            raise NotSignedError("whoever has handed it to us is not trusted")
        if not (
            (client.has_login and self._may("sign_authenticated"))
            or client.is_of_networks
            or (client.is_local and self._may("sign_local"))
            or (client.is_inbound and self._may("sign_inbound"))
        ):
            raise NotSignedError(
                "the client has not logged in, and is not of networks whose mail is signed"
            )
        if self._may("skip_spam_sign") and task.action != "no action":
            raise NotSignedError(f"its action is {task.action}")

    def _domains(self, task: Task, client: _Client) -> _Domains:
        envelope = task.envelope
        if envelope.lacks_sender:
            raise NotSignedError("the sender of the envelope is unreadable")
        sender = envelope.rewritten_sender or envelope.sender or ""
        if not sender and not self._may("allow_envfrom_empty"):
            raise NotSignedError("the sender of the envelope is empty")
        try:
            header = author_domain(task.message.headers)
        except NoAuthor as error:
            raise NotSignedError(f"From tells no domain: {error}") from None
        if len(task.message.from_) > 1 and not self._may("allow_hdrfrom_multiple"):
            raise NotSignedError("From has several addresses")
        recipient = envelope.recipients[0].address if envelope.recipients else ""
        return _Domains(header, *map(_domain_of, (sender, client.user, recipient)))

    def _use_of(self, client: _Client, domains: _Domains) -> str:
        """The domain that is to sign."""
        key = "use_domain"
        if client.is_of_networks and self._use["use_domain_sign_networks"]:
            key = "use_domain_sign_networks"
        elif client.is_local and self._use["use_domain_sign_local"]:
            key = "use_domain_sign_local"
        elif client.is_inbound and self._use["use_domain_sign_inbound"]:
            key = "use_domain_sign_inbound"
        source = self._use[key]
        domain = domains.named(source)
        if not domain:
            raise NotSignedError(f"{key} = {source}: there is no domain")
        return domain

    def _check_domains(self, client: _Client, domains: _Domains, domain: str) -> None:
        is_free = (
            self._may("allow_hdrfrom_mismatch")
            or (client.is_local and self._may("allow_hdrfrom_mismatch_local"))
            or (client.is_of_networks and self._may("allow_hdrfrom_mismatch_sign_networks"))
        )
        if domains.envelope and not is_free and not self._same(domains.header, domains.envelope):
            raise NotSignedError(
                f"From is of {domains.header}, the sender of the envelope of {domains.envelope}"
            )
        if not client.has_login or self._may("allow_username_mismatch"):
            return
        if not domains.auth:
            raise NotSignedError("the login name tells no domain")
        if not self._same(domains.auth, domain):
            raise NotSignedError(
                f"the login name is of {domains.auth}, the signature would be of {domain}"
            )

    def _same(self, one: str, other: str) -> bool:
        return self._owner(one) == self._owner(other)

    def _owner(self, domain: str) -> str:
        """The domain that stands for those below it, with `use_esld`."""
        return (self._may("use_esld") and organizational_domain(domain)) or domain


_FLAGS = {
    "sign_authenticated": True,
    "sign_local": True,
    "sign_inbound": False,
    "use_esld": True,
    "allow_envfrom_empty": True,
    "allow_hdrfrom_mismatch": False,
    "allow_hdrfrom_mismatch_local": False,
    "allow_hdrfrom_mismatch_sign_networks": False,
    "allow_hdrfrom_multiple": False,
    "allow_username_mismatch": False,
    "skip_spam_sign": False,
}
_USES = tuple(key for key in OPTIONS if key.startswith("use_domain"))


def _domain_of(address: str) -> str:
    """The domain of an address; empty if it has none that could be one."""
    try:
        return normal_name(address.rpartition("@")[2]) if "@" in address else ""
    except BadName:
        return ""


def _read_source(options: Mapping[str, object], key: str) -> str:
    """Where a domain is taken from, or a domain; empty if the option is not there."""
    value = options.get(key, "")
    if value == "" or value in _SOURCES:
        return str(value)
    try:
        if isinstance(value, str) and "." in value:
            return normal_name(value)
    except BadName:
        pass
    raise ValueError(f"{key}: expected {', '.join(_SOURCES)} or a domain, got {value!r}")


def _read_networks(options: Mapping[str, object], key: str) -> Networks:
    value = options.get(key, ())
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"{key}: expected a list of networks, got {value!r}")
    try:
        return Networks(value)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from None


def _read_map(given: Given, key: str) -> Map | tuple[()]:
    """The map of networks that an option names; an unknown name raises an error of its own."""
    name = given.options.get(key)
    if name is None:
        return ()
    if not isinstance(name, str):
        raise ValueError(f"{key}: expected the name of a map, got {name!r}")
    found = given.maps[name]
    if found.kind != "networks":
        raise ValueError(f"{key}: {name} is a map of {found.kind}, expected one of networks")
    return found
