"""JSON and UCL as rspamc 3.4 prints them."""

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.client.rspamc import json_text, ucl_text

from .replies import LEARNS, SCANS, outcome, printed

NUMBERS = {
    "0": 0,
    "-1": -1,
    "9223372036854775807": 2**63 - 1,
    "0.0": 0.0,
    "-0.0": -0.0,
    "15.0": 15.0,
    "15.500000": 15.5,
    "0.100000": 0.1,
    "0.000001": 1e-6,
    "0.000000": 1e-7,
    "1e-08": 1e-8,
    "1e-20": 1e-20,
    "1.00000001": 1.00000001,
    "3.000000": 2.99999999,
    "3.0000001": 3.0000001,
    "-2.00000001": -2.00000001,
    "1234567890.0": 1234567890.00000001,
    "123456.789123": 123456.7891234567,
    "100000.0": 1e5,
    "2147483647.0": 2147483647.0,
    "-2147483648.0": -2147483648.0,
    "2147483648.000000": 2147483648.0,
    "-2147483649.000000": -2147483649.0,
    "10000000000.000000": 1e10,
    "1000000000000000.000000": 1e15,
    "true": True,
    "false": False,
    "null": None,
}

NESTED = """\
{
    "a": [
        [],
        [
            [
                1
            ],
            {}
        ],
        {
            "b": {
                "c": []
            }
        },
        "s"
    ],
    "d": null
}"""

NESTED_UCL = """\
a [
    []
    [
        [
            1,
        ]
        {}
    ]
    {
        b {
            c []
        }
    }
    "s",
]
d = null;
"""

NESTED_VALUE: Any = {"a": [[], [[1], {}], {"b": {"c": []}}, "s"], "d": None}


class JsonTests(SynchronousTestCase):
    """`json_text`."""

    def test_numbers(self) -> None:
        """Six digits, more for what is nearly whole, one for what is."""
        for text, value in NUMBERS.items():
            self.assertEqual(json_text.compact([value]), f"[{text}]")

    def test_texts(self) -> None:
        """Control characters are lost, but for those that have a letter."""
        escaped = r'"\u0000\uFFFD\b\t\n\u000B\f\r\uFFFD\uFFFD\"\\/é€"'
        text = '\0\x01\b\t\n\v\f\r\x1b\x7f"\\/\u00e9\u20ac'
        self.assertEqual(json_text.compact(text), escaped)
        self.assertEqual(json_text.compact({text: 1}), f"{{{escaped}:1}}")
        self.assertEqual(json_text.pretty({text: 1}), f"{{\n    {escaped}: 1\n}}")

    def test_nested(self) -> None:
        """Lines for members, and none for what is empty."""
        self.assertEqual(json_text.pretty(NESTED_VALUE), NESTED)
        self.assertEqual(
            json_text.compact(NESTED_VALUE), '{"a":[[],[[1],{}],{"b":{"c":[]}},"s"],"d":null}'
        )
        self.assertEqual((json_text.pretty({}), json_text.pretty([])), ("{}", "[]"))

    def test_read_back(self) -> None:
        """It stays JSON, with the same in it as far as its digits go."""
        for name in ("full", "nested", "urls", "names", "error"):
            document = SCANS[name]
            for emit in (json_text.pretty, json_text.compact):
                self.assertEqual(json.loads(emit(document)), document, name)


class UclTests(SynchronousTestCase):
    """`ucl_text`."""

    def test_nested(self) -> None:
        """Objects and arrays have no end of their own."""
        self.assertEqual(ucl_text.emit(NESTED_VALUE), NESTED_UCL)
        self.assertEqual(ucl_text.emit([[1], {"a": 1}, 2])[:9], "[\n    [\n ")
        self.assertEqual((ucl_text.emit({}), ucl_text.emit([])), ("", "[]"))

    def test_names(self) -> None:
        """Some need quotes."""
        for name in ("a", "9a", "a-b", "a.b", "a/b", "a;b", "a]b", "\u00e9", "true"):
            self.assertEqual(ucl_text.emit({name: 1}), f"{name} = 1;\n")
        for name in ("", "a b", "a:b", "a+b", "a=b", "a{b", "a[b"):
            self.assertEqual(ucl_text.emit({name: {}}), f'"{name}" {{}}\n')
        self.assertEqual(ucl_text.emit({'a\n"\\\x1b': 1}), '"a\\n\\"\\\\\\uFFFD" = 1;\n')


class CompletedTests(SynchronousTestCase):
    """What is known here and not at the server: the file, and the time."""

    def test_json(self) -> None:
        """Behind the rest."""
        text = '{\n    "success": true,\n    "filename": "mail",\n    "scan_time": 0.250000\n}\n'
        self.assertEqual(printed(outcome(LEARNS["learned"]), "learn_spam", "--json"), text)
        text = '{"success":true,"filename":"mail","scan_time":0.250000}\n'
        self.assertEqual(printed(outcome(LEARNS["learned"]), "learn_ham", "--compact"), text)

    def test_ucl(self) -> None:
        """For people, learning is in UCL."""
        text = 'success = true;\nfilename = "mail";\nscan_time = 0.250000;\n\n'
        for words in (("learn_spam",), ("fuzzy_add", "--ucl"), ("learn_class:a",)):
            found = printed(outcome(LEARNS["learned"]), *words)
            self.assertEqual(found, f"Results for file: mail (0.25 seconds)\n{text}")

    def test_no_file(self) -> None:
        """Commands without messages have no file."""
        text = "Results for command: fuzzy_delhash (0.25 seconds)\nscan_time = 0.250000;\n\n"
        self.assertEqual(printed(outcome({}), "fuzzy_delhash", "ab"), text)
        self.assertEqual(printed(outcome({}), "stat", "--compact"), '{"scan_time":0.250000}\n')

    def test_array(self) -> None:
        """There is no place in an array."""
        self.assertEqual(printed(outcome([1, {}]), "--compact"), "[1,{}]\n")
        text = "Results for file: mail (0.25 seconds)\n[\n    1,\n]\n"
        self.assertEqual(printed(outcome([1]), "learn_spam"), text)

    def test_twice(self) -> None:
        """What the server calls so, too, stays."""
        document = {"filename": "theirs", "a": 1}
        self.assertIn(
            '"filename":["theirs","mail"],"a":1,', printed(outcome(document), "--compact")
        )
        text = 'filename = "theirs";\nfilename = "mail";\na = 1;\n'
        self.assertIn(text, printed(outcome(document), "learn_spam"))
        self.assertEqual(document, {"filename": "theirs", "a": 1})
