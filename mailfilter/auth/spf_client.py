"""The client of an evaluation of SPF, and the names that are made with it (RFC 7208 5, 7)."""

from ipaddress import IPv4Address, IPv6Address

from ..codec.dns_answer import Answer, Kind
from ..codec.dns_name import reverse_name
from .spf_asking import Asker, Asking
from .spf_macro import Tokens, expand, expand_name, letters_of, name_of
from .spf_record import Domain
from .spf_values import MAX_PART, Asked


class Client:
    """Who wants to send, by address and names."""

    def __init__(self, asked: Asked, asker: Asker) -> None:
        self.asked = asked
        self.asker = asker
        ip = asked.ip
        self.ip = (ip.ipv4_mapped or ip) if isinstance(ip, IPv6Address) else ip
        self.number = int(self.ip)
        self.is_v4 = isinstance(self.ip, IPv4Address)
        self.network_kind = "ip4" if self.is_v4 else "ip6"
        self.address_kind = Kind.A if self.is_v4 else Kind.AAAA
        self.local, domain = asked.sender_parts
        self.sender_domain = domain if domain.isascii() else name_of(domain) or domain
        self._names: list[str] | None = None
        self._is_valid: dict[str, bool] = {}
        self._validated: dict[str, str] = {}

    def is_among(self, answer: Answer, lengths: tuple[int, int]) -> bool:
        """Tell whether the client is near one of the addresses.

        `lengths`: bits that count of IPv4 and of IPv6 addresses.
        """
        shift = 32 - lengths[0] if self.is_v4 else 128 - lengths[1]
        return any((int(ip) ^ self.number) >> shift == 0 for ip in answer.records)

    def names(self, is_counted: bool) -> Asking[list[str]]:
        """The names that the reverse zone of the client gives, not verified, asked once."""
        if self._names is None:
            answer = yield from self.asker.ask_mildly(reverse_name(self.ip), Kind.PTR)
            self._names = list(answer.records[: self.asker.limits.names]) if answer else []
            if answer and is_counted:
                self.asker.count_void(answer)
        return self._names

    def validate(self, name: str) -> Asking[bool]:
        """Tell whether a name has the address of the client."""
        if name not in self._is_valid:
            answer = yield from self.asker.ask_mildly(name, self.address_kind)
            self._is_valid[name] = answer is not None and self.ip in answer.records
        return self._is_valid[name]

    def can_never_match(self, target: Domain | None) -> bool:
        """Tell whether a term wants a local part that no name can have (RFC 8616 4)."""
        if self.local.isascii() or not target:
            return False
        return bool(target.letters & {"s", "l"})

    def target(self, target: Domain | None, domain: str) -> Asking[str | None]:
        """The name that a term means; None if it can be none."""
        if not target:
            return domain
        if not target.letters:
            return target.fixed
        if "p" in target.letters:
            yield from self._find_validated(domain)
        return expand_name(target.tokens, lambda letter: self._value(letter, domain))

    def text(self, tokens: Tokens, domain: str, most: int) -> Asking[str]:
        """A text with its macros expanded, in a record of a domain.

        Of what is longer than `most` characters the end may lack.
        """
        if "p" in letters_of(tokens):
            yield from self._find_validated(domain)
        return expand(tokens, lambda letter: self._value(letter, domain), most)

    def _find_validated(self, domain: str) -> Asking[None]:
        """Work out the value of `%{p}` for a domain: its own names are better (7.3)."""
        if domain in self._validated:
            return
        names = yield from self.names(is_counted=False)
        for name in sorted(names, key=lambda n: (n != domain, not is_within(n, domain))):
            if (yield from self.validate(name)):
                self._validated[domain] = name
                return
        self._validated[domain] = "unknown"

    def _value(self, letter: str, domain: str) -> str:
        """What a macro letter stands for (7.2)."""
        match letter:
            case "s":
                return f"{self.local}@{self.sender_domain}"
            case "l":
                return self.local
            case "o":
                return self.sender_domain
            case "d":
                return domain
            case "i":
                return str(self.ip) if self.is_v4 else ".".join(f"{self.number:032X}")
            case "p":
                return self._validated[domain]
            case "v":
                return "in-addr" if self.is_v4 else "ip6"
            case "h":
                return self.asked.helo[:MAX_PART]
            case "c":
                return str(self.ip)
            case "r":
                return self.asked.receiver
        return str(int(self.asked.time))


def is_within(name: str, domain: str) -> bool:
    """Tell whether a name of DNS is a domain or below it."""
    if name == domain:
        return True
    head = name.removesuffix(f".{domain}")
    # Behind an odd number of backslashes a dot is a part of its label.
    return head != name and (len(head) - len(head.rstrip("\\"))) % 2 == 0
