"""What a client says that it can read."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.servers.http_accept import MAX_RANGES, best_type, is_listed, qualities

OFFERS = ("multipart/form-data", "message/rfc822", "application/json", "application/msgpack")
FORM, MESSAGE, JSON, MSGPACK = OFFERS

# Accept, what is chosen
CHOICES: list[tuple[bytes, str | None]] = [
    (b"*/*", FORM),
    (b"multipart/form-data", FORM),
    (b"Multipart/Form-Data; q=0.3", FORM),
    (b"message/rfc822", MESSAGE),
    (b"application/json", JSON),
    (b"application/msgpack", MSGPACK),
    (b"application/*", JSON),
    (b"application/json;q=0.5, application/msgpack", MSGPACK),
    (b"application/json;q=0.5, application/msgpack;q=0.499", JSON),
    (b"application/json, */*", JSON),
    (b"application/json;q=0.1, */*", FORM),
    (b"*/*;q=0.1, application/*;q=0.2", JSON),
    (b"*/*, application/*", JSON),
    (b"application/json;q=0, application/*", MSGPACK),
    (b"application/json;q=0, application/json", None),
    (b"application/msgpack;q=1.9, application/json", JSON),
    (b"*/*, multipart/form-data;q=0", MESSAGE),
    (b'application/json; charset="utf-8"; Q = 1.000', JSON),
    # What Java sends that is told nothing.
    (b"text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", FORM),
    (b"text/html", None),
    (b"application/x-msgpack", None),
    (b"multipart/mixed", None),
    (b"*/*;q=0", None),
    (b"application/json;q=0.0", None),
    (b"application/json;q=nan", None),
    (b"application/json;q=-1", None),
    (b"application/json;q=1_0", None),
    (b"application/json;q=", None),
    (b"application/json;q=1.9", JSON),
    (b",;,;q=1,", None),
    (b"\xff\xfe, application/json", JSON),
]


class AcceptTests(SynchronousTestCase):
    def test_choices(self) -> None:
        for header, expected in CHOICES:
            self.assertEqual(best_type(header, OFFERS), expected, header)

    def test_listed(self) -> None:
        for header, expected in (
            (b"", False),
            (b"zstd", True),
            (b"gzip, ZSTD;q=0.1", True),
            (b"gzip,zstd ; q=0", False),
            (b"zstd;q=0.000", False),
            (b"*", False),
            (b"gzip, deflate, br", False),
            (b"xzstd, zstd-dict", False),
        ):
            self.assertIs(is_listed(header, "zstd"), expected, header)

    def test_bounds(self) -> None:
        header = b",".join(b"a/%d" % number for number in range(20000)) + b",application/json"
        self.assertEqual(len(qualities(header)), MAX_RANGES)
        self.assertEqual(len(qualities(b"a/b" + b";x=y" * 20000)), 1)
