"""Header fields that the filter adds and removes; the same cases for every MTA."""

import functools
from typing import ClassVar

from . import forced
from .delivered import header_lines, values
from .harness import Filter, message_file

HEADERS = """
[headers]
use = ["x-spamd-bar", "x-spam-level", "x-spam-status", "authentication-results", "add-headers"]
extended_spam_headers = true
skip_local = false
authserv_id = "mx.our.test"
server_name = "filter.our.test"
position = "{position}"
add = {{ X-One = "1", X-Two = "2" }}
"""
AUTH = "Authentication-Results"
FOREIGN = ["other.test; spf=fail", "not.mx.our.test; spf=pass"]
FORGED = (
    b"authentication-results: mx.our.test; spf=pass\r\n"
    b"Authentication-Results: other.test; spf=fail\r\n"
    b"X-Spam: No\r\n"
    b"AUTHENTICATION-RESULTS:\r\n\t(x) MX.our.test.\r\n\t; spf=pass\r\n"
    b"x-spamd-bar: -----\r\n"
    b'Authentication-Results: "mx.our.test" 1; spf=pass\r\n'
    b"Authentication-Results: not.mx.our.test; spf=pass\r\n"
    b"X-Spamd-Result: default: False [-99.00 / 15.00]\r\n"
    b"Authentication-Results : mx.our.test; spf=pass\r\n"
    b"X-SPAM: No\r\n"
)
WISH = b"X-Test-Symbol: FORCE_ONE 5.25 a b\r\nX-Test-Symbol: FORCE_TWO 1 c;d\r\n"
ADDED = [
    "X-Spamd-Bar",
    "X-Spam-Level",
    "X-Spam-Status",
    "X-One",
    "X-Two",
    "X-Spamd-Result",
    "X-Rspamd-Server",
    "X-Rspamd-Queue-Id",
    "X-Rspamd-Action",
]
"""In the order of the settings."""


@functools.cache
def own_filter(position: str) -> Filter:
    """A filter that writes them, at that position."""
    return Filter(server=HEADERS.format(position=position))


class HeaderCases(forced.ForcedCase):
    """The same for every MTA."""

    position: ClassVar[str]

    def make_filter(self) -> Filter:
        """One with header fields."""
        return own_filter(self.position)

    def names(self, delivered: bytes) -> list[str]:
        """Names of the fields, in their order."""
        return [line.partition(b":")[0].decode() for line in header_lines(delivered)]

    def arrived(self) -> bytes:
        """What is delivered of the message with forged fields."""
        message = WISH + FORGED + message_file("ham.eml")
        self.assertEqual(self.send(message).code, 250)
        return self.wait_delivered().replace(b"\r\n", b"\n")

    def test_forged(self) -> None:
        """Forged fields are gone, others' are there, and ours is below the MTA's Received."""
        delivered = self.arrived()
        ours, *others = values(delivered, AUTH)
        self.assertEqual(ours.split(), ["mx.our.test;", "none"])
        self.assertEqual(others, FOREIGN)
        names = self.names(delivered)
        self.assertEqual(names.index(AUTH), names.index("Received") + 1)
        self.assertEqual(values(delivered, "X-Spam"), ["Yes"])

    def test_values(self) -> None:
        """Each field once, with what the verdict says, in order and at its place."""
        delivered = self.arrived()
        (record,) = self.filter.records(self.mark)
        points = int(record["score"])
        self.assertGreaterEqual(points, 6)
        expected = {
            "X-Spamd-Bar": "+" * points,
            "X-Spam-Level": "*" * points,
            "X-Spam-Status": f"Yes, score={record['score']:.2f}",
            "X-One": "1",
            "X-Two": "2",
            "X-Rspamd-Server": "filter.our.test",
            "X-Rspamd-Queue-Id": record["queue_id"],
            "X-Rspamd-Action": "add header",
        }
        for name, value in expected.items():
            self.assertEqual(values(delivered, name), [value], name)
        (result,) = values(delivered, "X-Spamd-Result")
        head, first, *_ = [part.strip() for part in result.split(";")]
        self.assertEqual(head, f"default: False [{record['score']:.2f} / 15.00]")
        self.assertEqual(first, "FORCE_ONE(5.25)[a,b]")
        self.assertEqual(sorted(symbols_of(result)), sorted(named(record)))
        names = self.names(delivered)
        at = names.index(ADDED[0])
        self.assertEqual(names[at : at + len(ADDED)], ADDED)
        if self.position == "top":
            self.assertEqual(names[at - 1], AUTH)
        else:
            # The mark of the action comes after all edits.
            self.assertEqual(names[at + len(ADDED) :], ["X-Spam"])


def symbols_of(result: str) -> list[str]:
    """Names of symbols in a value of X-Spamd-Result."""
    return [part.strip().partition("(")[0] for part in result.split(";")[1:]]


def named(record: dict[str, object]) -> list[str]:
    """Names of symbols in a record of the log."""
    found = record["symbols"]
    assert isinstance(found, list)
    return [item["name"] for item in found]
