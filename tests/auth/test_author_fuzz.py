"""Whatever From looks like: where there is an author, other readers see the same domain."""

from email.utils import getaddresses

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.auth.author import NoAuthor, is_domain, read_author
from mailfilter.auth.author_named import named_domains
from mailfilter.codec.dns_name import BadName, normal_name
from mailfilter.mail import parse

PIECES = (
    *'<>@,:;.()[]"\\ ab',
    "\t",
    "\r\n ",
    "bob",
    "bob@a.test",
    "b.test",
    "<bob@a.test>",
    '"Bob"',
    '"x@b.test"',
    "(x)",
    "=?utf-8?q?x=40b.test?=",
    "\u00fc",
    "\x00",
)
VALUES = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
LIKELY = st.lists(
    st.sampled_from(
        ("bob@a.test", "<bob@a.test>", '"x@b.test"', "(c)", " ", ",", "Bob", "@b.test")
    ),
    max_size=8,
).map("".join)

SHAPED = st.tuples(
    st.lists(st.sampled_from(PIECES), max_size=4).map("".join),
    st.sampled_from(("bob@a.test", "<bob@a.test>", " <bob@a.test>", "<bob@a.test>, x@a.test")),
    st.lists(st.sampled_from(PIECES), max_size=2).map("".join),
).map("".join)


BOUNDED = settings(max_examples=1500, derandomize=True, database=None, deadline=None)


def name(domain: str) -> str:
    """A domain as DNS has it; empty if it is none."""
    try:
        return normal_name(domain)
    except BadName:
        return ""


class FuzzTests(SynchronousTestCase):
    @BOUNDED
    @given(VALUES | LIKELY | SHAPED)
    def test_same(self, text: str) -> None:
        """As mail programs read it, here and in the standard library."""
        value = text.encode()
        try:
            author = read_author(value)
        except NoAuthor:
            return
        message = parse(b"From: " + value + b"\r\n\r\n")
        self.assertEqual({normal_name(address.domain) for address in message.from_}, {author})
        self.assertIn(author, named_domains(message.headers).domains)
        unfolded = text.replace("\r\n", "")
        found = {address.rpartition("@")[2] for _, address in getaddresses([unfolded]) if address}
        self.assertIn(author, {name(domain) for domain in found})

    @BOUNDED
    @given(VALUES | LIKELY | SHAPED)
    def test_named(self, text: str) -> None:
        """Where the author is in doubt, what mail programs read is among what is named."""
        message = parse(b"From: " + text.encode() + b"\r\n\r\n")
        named = named_domains(message.headers)
        if not named.is_all:
            return
        unfolded = text.replace("\r\n", "")
        seen = [address for _, address in getaddresses([unfolded])]
        seen += [address.address for address in message.from_]
        for address in seen:
            written = address.rpartition("@")[2]
            domain = name(written)
            # The standard library takes the word behind an address for a part of it.
            if "@" in address and written in text and "." in domain and is_domain(domain):
                self.assertIn(domain, named.domains)
