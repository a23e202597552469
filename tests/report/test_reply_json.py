"""What a reply is encoded in: values that would break a client."""

import json
from typing import Any

from msgspec.msgpack import decode
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.report.reply_json import (
    MAX_NUMBER,
    encode_json,
    finite,
    render_error,
    render_json,
    render_msgpack,
    seconds,
)

INF = float("inf")

VALUE: dict[str, Any] = {"b": 15.0, "a": [True, None, "é\u2028\x00\x7f\n", {}], "\U0001f4a9": -0.5}


class EncodingTests(SynchronousTestCase):
    def test_ascii(self) -> None:
        encoded = render_json(VALUE)
        self.assertTrue(encoded.isascii())
        self.assertNotIn(b"\n", encoded)
        self.assertEqual(json.loads(encoded), VALUE)
        self.assertTrue(encoded.startswith(b'{"b":15.0,"a":[true,null,"'))

    def test_compact(self) -> None:
        self.assertEqual(render_json({"a": [1.5, "x"], "b": {}}), b'{"a":[1.5,"x"],"b":{}}')
        self.assertEqual(encode_json({"é": 1}), '{"é":1}'.encode())

    def test_msgpack(self) -> None:
        """A float stays one, even if it is whole, and keys stay in their order."""
        packed = render_msgpack(VALUE)
        self.assertEqual(decode(packed), VALUE)
        self.assertEqual(list(decode(packed)), list(VALUE))
        self.assertTrue(packed.startswith(b"\x83\xa1b\xcb\x40\x2e"))

    def test_surrogates(self) -> None:
        """They survive where they are a pair, and do no harm where they are not."""
        for value, expected in (
            ({"\ud800": ["\udfff", ("x\ud800y",)]}, {"\ufffd": ["\ufffd", ["x\ufffdy"]]}),
            ({"a": "\ud83d\udca9\ud800"}, {"a": "\U0001f4a9\ufffd"}),
        ):
            self.assertEqual(json.loads(render_json(value)), expected)
            self.assertEqual(decode(render_msgpack(value)), expected)
            self.assertEqual(json.loads(encode_json(value)), expected)

    def test_error(self) -> None:
        self.assertEqual(b'{"error":"invalid command"}', render_error("invalid command"))
        self.assertEqual(b'{"error":"\\u00e9\\n\\""}', render_error('é\n"'))


class NumberTests(SynchronousTestCase):
    def test_finite(self) -> None:
        for value, expected in (
            (float("nan"), 0.0),
            (INF, MAX_NUMBER),
            (-INF, -MAX_NUMBER),
            (1e300, MAX_NUMBER),
            (-3, -3.0),
            (6.25, 6.25),
        ):
            found = finite(value)
            self.assertEqual(found, expected)
            self.assertIsInstance(found, float)

    def test_seconds(self) -> None:
        self.assertEqual(seconds(0.0001179), 0.000118)
        self.assertEqual(seconds(float("nan")), 0.0)
