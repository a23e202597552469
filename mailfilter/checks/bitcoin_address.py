"""Does the text have an address of Bitcoin?"""

import hashlib
import re

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task

MAX_TEXT = 128 * 1024
"""Characters that are looked at."""

MAX_TRIED = 64
"""What looks like an address and is looked at."""

MAX_OPTIONS = 5
"""Addresses that are told."""

# It begins with what `re` searches fast for: few letters. Nothing stands before the first of them.
_LOOKS = re.compile(
    r"[13bB](?<![A-Za-z0-9].)(?:(?<=[13])[1-9A-HJ-NP-Za-km-z]{25,34}"
    r"|(?<=b)c1[02-9ac-hj-np-z]{11,71}|(?<=B)C1[02-9AC-HJ-NP-Z]{11,71})(?![A-Za-z0-9])",
    re.DOTALL,
)
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_BECH32_SUM, _BECH32M_SUM = 1, 0x2BC830A3
_PREFIX = (3, 3, 0, 2, 3)
"""`bc` as BIP 173 expands it."""


class BitcoinAddress(Check):
    """Fires for addresses with a right checksum: Base58Check, Bech32 (BIP 173), Bech32m (350)."""

    name = "bitcoin_address"
    symbols = {"BITCOIN_ADDR": Symbol(0.0, "scams", "valid bitcoin address in the text")}

    def run(self, task: Task) -> Findings:
        found: dict[str, None] = {}
        text = task.message.text.visible[:MAX_TEXT]
        for tried, match in enumerate(_LOOKS.finditer(text)):
            if tried >= MAX_TRIED or len(found) >= MAX_OPTIONS:
                break
            if is_address(match[0]):
                found[match[0]] = None
        return [Hit("BITCOIN_ADDR", options=tuple(found))] if found else ()


def is_address(text: str) -> bool:
    """Whether the checksum of an address is right."""
    return _is_bech32(text.lower()) if text[:3].lower() == "bc1" else _is_base58(text)


def _is_base58(text: str) -> bool:
    number = 0
    for character in text:
        number = number * 58 + _BASE58.index(character)
    if number.bit_length() > 25 * 8:
        return False
    octets = number.to_bytes(25, "big")
    if octets[0] not in (0, 5):
        return False
    digest = hashlib.sha256(hashlib.sha256(octets[:21]).digest()).digest()
    return digest[:4] == octets[21:]


def _is_bech32(text: str) -> bool:
    values = [_BECH32.index(character) for character in text[3:]]
    found = 1
    for value in (*_PREFIX, *values):
        top = found >> 25
        found = (found & 0x1FFFFFF) << 5 ^ value
        for bit, term in enumerate(_GENERATOR):
            if top >> bit & 1:
                found ^= term
    return found == (_BECH32_SUM if values[0] == 0 else _BECH32M_SUM)
