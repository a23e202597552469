"""URLs as browsers read them: where does a click lead?"""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail.url_parse import MAX_URL, parse_url

HOSTS: tuple[tuple[str, str | None], ...] = (
    ("http://example.com", "example.com"),
    (" \x01http://example.com\n", "example.com"),
    ("hTTp://example.com", "example.com"),
    # Slashes: any number of them, of both kinds.
    ("https:example.com", "example.com"),
    ("https:/example.com", "example.com"),
    ("https:////example.com", "example.com"),
    ("https:\\\\example.com\\path", "example.com"),
    ("https:/\\example.com", "example.com"),
    # White space inside.
    ("ht\ntp://exa\tmp\rle.com", "example.com"),
    ("http://exam ple.com", None),
    # What stands before the last at sign is a user.
    ("http://www.bank.example@evil.example/", "evil.example"),
    ("http://a@b@evil.example/", "evil.example"),
    ("http://bank.example:80@evil.example:81/", "evil.example"),
    ("http://bank.example%2f@evil.example", "evil.example"),
    ("http://bank.example\\@evil.example", "bank.example"),
    ("http://bank.example/@evil.example", "bank.example"),
    ("http://bank.example?@evil.example", "bank.example"),
    ("http://bank.example#@evil.example", "bank.example"),
    ("http://" + "a" * 70_000 + "@evil.example/", "evil.example"),
    ("http://@/", None),
    # Ports.
    ("http://example.com:/", "example.com"),
    ("http://example.com:65535/", "example.com"),
    ("http://example.com:000000000080/", "example.com"),
    ("http://example.com:65536/", None),
    ("http://example.com:8o/", None),
    ("http://example.com:8:8/", None),
    ("http://:80/", None),
    ("http://[2001:db8::1]:80/", "2001:db8::1"),
    ("http://[2001:db8::1]x/", None),
    # Numbers, percent codes, other scripts: see the tests of hosts.
    ("http://0x7f.1/", "127.0.0.1"),
    ("http://ex%61mple.com/", "example.com"),
    ("http://例え。jp/", "xn--r8jz45g.jp"),
    ("http://a%00b.com/", None),
    # Schemes.
    ("ftp://example.com/", "example.com"),
    ("wss://example.com/", "example.com"),
    ("mailto:Bob@Example.com?subject=x", "example.com"),
    ("mailto:a@b@example.com", "example.com"),
    ("mailto:", ""),
    ("mailto:bob@", ""),
    ("app://Do/something", "do"),
    ("javascript:alert(1)//example.com", ""),
    ("data:text/html,<a>", ""),
    ("tel:123", ""),
    ("file:///etc/passwd", ""),
    ("file:c:/x", ""),
    ("file://C:/x", ""),
    ("file://localhost/x", ""),
    ("file://server/share", "server"),
    ("file:\\\\server\\share", "server"),
    ("file://a b/", None),
    # No URL.
    ("", None),
    ("example.com", None),
    ("//example.com/", None),
    ("1http://example.com", None),
    ("http", None),
    ("http:", None),
    ("http://", None),
    ("http:///", None),
    ("http://?x", None),
)

TEXTS = (
    ("http://EXAMPLE.com", "http://example.com/"),
    ("http://u:p@example.com:80/#x", "http://example.com/"),
    ("https://example.com:80", "https://example.com:80/"),
    ("http://example.com/a/../b/./c", "http://example.com/b/c"),
    ("http://example.com/a/%2e%2E/b/%2e", "http://example.com/b/"),
    ("http://example.com/../..", "http://example.com/"),
    ("http://example.com/a/..", "http://example.com/"),
    ("http://example.com/.a/..b/c..", "http://example.com/.a/..b/c.."),
    ("http://example.com/a\\..\\b", "http://example.com/b"),
    ("http://example.com/a b?c d", "http://example.com/a%20b?c%20d"),
    ("http://example.com/\u00e9?\u00e9", "http://example.com/%C3%A9?%C3%A9"),
    ("http://example.com/%zz%41", "http://example.com/%zz%41"),
    ("http://example.com/\ud800", "http://example.com/%3F"),
    ("http://example.com?x", "http://example.com/?x"),
    ("http://[2001:DB8::1]:8080/", "http://[2001:db8::1]:8080/"),
    ("file://server/a\\b", "file://server/a/b"),
    ("file:///C:/x", "file:///C:/x"),
    ("file:////server/share", "file:////server/share"),
    ("file:C|/x", "file:///C:/x"),
    ("mailto:Bob@Example.com?subject=x", "mailto:Bob@example.com"),
    ("tg://resolve?domain=x", "tg://resolve?domain=x"),
    ("javascript:x", "javascript:x"),
)

TRAITS: tuple[tuple[str, set[str]], ...] = (
    ("http://example.com/a?b#c", set()),
    ("mailto:bob@example.com", set()),
    ("file:///C:/x", set()),
    ("http:\\\\example.com", {"backslash", "slashes"}),
    ("http://example.com/a\\b", {"backslash"}),
    ("http://example.com/?a\\b", set()),
    ("http:/example.com", {"slashes"}),
    ("http://exa\nmple.com", {"dropped"}),
    ("http://a@example.com", set()),
    ("http://a@b@example.com", {"many_at"}),
    ("http://example.com/" + "a" * MAX_URL, {"long"}),
    ("http://exa\u200bmple.com/", {"widthless", "ignored"}),
    ("http://example.com/\u2060x", {"widthless"}),
    ("http://example.com/\u200b", set()),
    ("http://exa\u00admple.com/", {"ignored"}),
    ("http://example.com/\u202egnp.exe", {"override"}),
    ("http://example.com/\ufffd", {"broken"}),
    ("http://0x7f.1/", {"numeric"}),
)


class ParseTests(SynchronousTestCase):
    def test_hosts(self) -> None:
        for text, expected in HOSTS:
            url = parse_url(text)
            self.assertEqual(url and url.host, expected, text[:60])

    def test_texts(self) -> None:
        """The same place has one text: dot segments, codes and slashes made one way."""
        for text, expected in TEXTS:
            url = parse_url(text)
            assert url is not None, text
            self.assertEqual(url.text, expected)

    def test_parts(self) -> None:
        url = parse_url("HTTPS://me:secret@www.Example.co.uk:8443/a/b?c=d&e#f#g")
        assert url is not None
        self.assertEqual(url.raw, "HTTPS://me:secret@www.Example.co.uk:8443/a/b?c=d&e#f#g")
        self.assertEqual((url.scheme, url.host, url.port), ("https", "www.example.co.uk", 8443))
        self.assertEqual((url.user, url.domain), ("me:secret", "example.co.uk"))
        self.assertEqual((url.path, url.query, url.fragment), ("/a/b", "c=d&e", "f#g"))
        self.assertFalse(url.is_ip)

    def test_address(self) -> None:
        url = parse_url("http://0300.2.1")
        assert url is not None
        self.assertEqual((url.host, url.domain, url.is_ip), ("192.2.0.1", "192.2.0.1", True))

    def test_traits(self) -> None:
        for text, expected in TRAITS:
            url = parse_url(text)
            assert url is not None, text
            self.assertEqual(set(url.traits), expected, text[:60])

    def test_long(self) -> None:
        """Of 64 KB the host counts, wherever it stands; what is kept is short."""
        size = 64 * 1024
        for text in (
            "http://" + "a" * size + ":b@evil.example/",
            "http:" + "/" * size + "evil.example/",
            "http://evil.example/" + "a/../" * size,
            "http://evil.example/" + "\u00e9" * size,
            "http://evil.example/?" + "\ud800" * size,
            "http://evil.example/#" + "#" * size,
            "http://" + "a@" * size + "evil.example",
            "h\nt\nt\np://" + "\n" * size + "evil.example",
            "http://evil" + "\u00ad" * size + ".example",
            "http://evil.example:" + "0" * size + "80",
        ):
            url = parse_url(text)
            assert url is not None, text[:40]
            self.assertEqual(url.domain, "evil.example", text[:40])
            self.assertLessEqual(len(url.raw), MAX_URL)
            self.assertLessEqual(len(url.text), 20 * MAX_URL)
        for text in ("http://" + "a" * size + ".example", "http://" + "я" * size, "a" * size):
            self.assertIsNone(parse_url(text))
