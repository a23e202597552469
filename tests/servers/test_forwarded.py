"""Whose request a proxy has passed on, and what of that is made up."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.scan.networks import Networks
from mailfilter.servers.forwarded import MAX_HOPS, find_client, is_forwarded
from tests.config.case import EXAMPLES

from .access_case import head_of

PROXIES = Networks(("127.0.0.1", "10.0.0.0/24", "2001:db8::1"))

CLIENTS: tuple[tuple[tuple[str, ...], str | None], ...] = (
    (("X-Forwarded-For: 192.0.2.7",), "192.0.2.7"),
    (("X-Forwarded-For: 2001:db8::7",), "2001:db8::7"),
    (("X-Real-IP: 192.0.2.7",), "192.0.2.7"),
    (("X-Forwarded-For: ::ffff:192.0.2.7",), "192.0.2.7"),
    # What stands to the left was sent by the client.
    (("X-Forwarded-For: 127.0.0.1, 192.0.2.7",), "192.0.2.7"),
    (("X-Forwarded-For: 127.0.0.1,10.0.0.1,192.0.2.7 , 10.0.0.9",), "192.0.2.7"),
    (("X-Forwarded-For: 127.0.0.1", "X-Forwarded-For: 192.0.2.7"), "192.0.2.7"),
    (("X-Forwarded-For: nonsense, 192.0.2.7",), "192.0.2.7"),
    # All are ours: it begins at the first.
    (("X-Forwarded-For: 10.0.0.5, 10.0.0.1",), "10.0.0.5"),
    # Both, of the same or of a chain.
    (("X-Forwarded-For: 192.0.2.7", "X-Real-IP: 192.0.2.7"), "192.0.2.7"),
    (("X-Forwarded-For: 192.0.2.7, 10.0.0.1", "X-Real-IP: 10.0.0.1"), "192.0.2.7"),
    # A proxy that sets one of them alone.
    (("X-Forwarded-For: 192.0.2.7", "X-Real-IP: 198.51.100.1"), None),
    # Nothing that is an address.
    (("X-Forwarded-For:",), None),
    (("X-Forwarded-For: ,",), None),
    (("X-Forwarded-For: 192.0.2.7,",), None),
    (("X-Forwarded-For: unknown",), None),
    (("X-Forwarded-For: 192.0.2.7:4711",), None),
    (("X-Forwarded-For: 192.0.2.7 127.0.0.1",), None),
    (("X-Forwarded-For: 127.1",), None),
    (("X-Forwarded-For: 0x7f.0.0.1",), None),
    (("X-Forwarded-For: localhost",), None),
    (("X-Forwarded-For: nonsense, 10.0.0.1",), None),
    (("X-Real-IP:",), None),
    (("X-Real-IP: 192.0.2.7, 127.0.0.1",), None),
    (("X-Real-IP: 192.0.2.7", "X-Real-IP: 192.0.2.7"), None),
    (("X-Forwarded-For: 192.0.2.7", "X-Real-IP: x"), None),
    # Which no proxy of ours is believed by.
    (("Forwarded: for=192.0.2.7",), None),
    (("Via: 1.1 proxy",), None),
    (("CF-Connecting-IP: 192.0.2.7",), None),
)


class ForwardedTests(SynchronousTestCase):
    def test_clients(self) -> None:
        for headers, expected in CLIENTS:
            found = find_client(head_of(*headers), PROXIES)
            self.assertEqual(None if found is None else str(found), expected, headers)

    def test_signs(self) -> None:
        """Any of them shows a proxy, whatever it holds."""
        for headers, _ in CLIENTS:
            self.assertTrue(is_forwarded(head_of(*headers)), headers)
        for name in ("X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded", "True-Client-IP"):
            self.assertTrue(is_forwarded(head_of(f"{name}:")), name)
        for name in ("X-Forward", "Referer", "IP", "From", "Viaduct"):
            self.assertFalse(is_forwarded(head_of(f"{name}: 192.0.2.7")), name)

    def test_many(self) -> None:
        """No list is so long that it takes us time, or leads to what a client wrote."""
        ours = ", ".join(["10.0.0.1"] * (MAX_HOPS - 2))
        found = find_client(head_of(f"X-Forwarded-For: 192.0.2.7, {ours}"), PROXIES)
        self.assertEqual(str(found), "192.0.2.7")
        many = ", ".join(["10.0.0.1"] * 5000)
        self.assertIsNone(find_client(head_of(f"X-Forwarded-For: 192.0.2.7, {many}"), PROXIES))

    @EXAMPLES
    @given(st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=50))
    def test_made_up(self, text: str) -> None:
        """Whatever a client sends, the proxy's own word holds."""
        found = find_client(head_of(f"X-Forwarded-For: {text}, 192.0.2.7"), PROXIES)
        self.assertEqual(str(found), "192.0.2.7")
        find_client(head_of(f"X-Forwarded-For: {text}", f"X-Real-IP: {text}"), PROXIES)
