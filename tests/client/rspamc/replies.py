"""Replies of servers for tests of what is printed of them."""

import json
from typing import Any

from mailfilter.client.rspamc.command_line import read_command_line
from mailfilter.client.rspamc.exchange import Item, Outcome, Reply
from mailfilter.client.rspamc.render import render

FULL: dict[str, Any] = {
    "passthrough_module": "force_actions",
    "is_skipped": False,
    "score": 7.5,
    "required_score": 15.0,
    "action": "rewrite subject",
    "subject": "*** SPAM *** hello",
    "thresholds": {"reject": 15.0, "add header": 6.0, "greylist": 4.0},
    "symbols": {
        "MIME_GOOD": {
            "name": "MIME_GOOD",
            "score": -0.1,
            "metric_score": -0.1,
            "description": "Known content-type",
            "options": ["text/plain"],
        },
        "BAYES_SPAM": {
            "name": "BAYES_SPAM",
            "score": 5.1,
            "metric_score": 5.1,
            "options": ["99.99%", "a, b]"],
        },
        "R_SPF_NA": {"name": "R_SPF_NA", "score": 0.0, "metric_score": 0.0, "options": []},
        "ARC_NA": {"name": "ARC_NA", "score": 0, "metric_score": 0},
    },
    "groups": {"statistics": {"score": 5.1}},
    "messages": {"smtp_message": "Spam message rejected", "other": {"a": [1, None]}},
    "urls": ["example.org", "example.net"],
    "emails": ["user@example.org"],
    "message-id": "1@example.org",
    "queue-id": "4XyZ",
    "time_real": 0.02,
    "dkim-signature": "v=1; a=rsa-sha256;\r\n\tb=Zm9v",
    "milter": {
        "add_headers": {"X-One": {"value": "1", "order": 0}, "X-Two": [{"value": "2"}]},
        "remove_headers": {"X-Old": 0},
    },
}
"""All that a verdict may hold, but for a profile."""

_URL = {"url": "http://example.org/", "tld": "example.org", "flags": ["text"]}

SCANS: dict[str, Any] = {
    "full": FULL,
    "ham": {**FULL, "action": "no action", "score": -0.1, "symbols": {}, "messages": {}},
    "nothing": {},
    "array": [1, {"a": []}],
    "skipped": {"is_skipped": True, "score": 0.0, "required_score": 15.0, "action": "no action"},
    "soft reject": {"action": "soft reject", "messages": {"smtp_message": "Try again later"}},
    "greylist": {"action": "greylist", "score": 4.5, "required_score": 15},
    "underscores": {"action": "Rewrite_Subject"},
    "own action": {"action": "discard", "reject": "discard"},
    "no score": {"action": "reject", "score": 1},
    "odd scores": {"score": "7", "required_score": None, "symbols": {"A": {"score": True}}},
    "odd symbols": {"symbols": {"A": {}, "B": 5, "C": None, "D": [{"score": 1}], "E": "x"}},
    "odd options": {"symbols": {"A": {"score": 1, "options": "x"}, "B": {"options": {"a": 1}}}},
    "empty options": {"symbols": {"A": {"score": 1, "options": ["", ""]}}},
    "other name": {"symbols": {"A": {"score": 1, "name": "B"}}},
    "characters": {
        "symbols": {"N\u00c4ME": {"score": 1, "options": ["\u00e9\u20ac\U0001f600", "a\nb\x1bc"]}},
        "subject": "=?\u202e \x07\x7f\x80\u2028",
        "message-id": "a\tb\x0b\x0c\x01",
        "messages": {"a\nb": "c\r\nd", "\u00e9": '/\\"'},
        "urls": ['a"b\\/\x1b'],
    },
    "names": dict.fromkeys(("a b", "a:b", "a+b", "é", "a.b", "a/b", 'a"b', "a\\b"), 1),
    "nested": {"a": [[], [[1, [2]], {}], {"b": {"c": []}}, "s", None, True, False]},
    "numbers": {
        "whole": [0, -1, 2**31, -(2**63) + 1, 2**63 - 1],
        "real": [0.0, -0.0, 15.0, 0.1, 1e-7, 1e-8, 1e-20, 1.00000001, 2.99999999, 123456.7891],
        "large": [1e5, 2147483647.0, 2147483648.0, -2147483649.0, 1e15, 1e22, 1e100],
    },
    "scores": {"symbols": {str(it): {"score": it} for it in (1.005, 0.125, -0.001, 2.675, 1e16)}},
    "urls": {"urls": [_URL, "x", 1], "emails": []},
    "odd urls": {"urls": None, "emails": {"a": 1}},
    "error": {"error": "the server is tired", "error_domain": "task-error", "messages": {}},
    "signatures": {"dkim-signature": ["v=1; a=rsa", "v=1; a=ed25519"]},
    "odd signature": {"dkim-signature": 5, "messages": ["x"]},
    "long message": {"messages": {"a": ["x" * 80], "b": "y" * 80, "c": ["\u00e9" * 29]}},
    "profile": {"profile": {"A": 1.25}, "action": "no action"},
    "own names": {"filename": "theirs", "action": "no action"},
    "old layout": {
        "default": {"is_spam": True, "score": 5, "action": "reject", "A": {"name": "A"}},
        "messages": ["x"],
        "message-id": "1@example.org",
    },
}
"""Verdicts that rspamc 3.4 survives, by what is particular about them."""

STAT: dict[str, Any] = {
    "version": "3.4",
    "config_id": "abc",
    "uptime": 7300,
    "read_only": False,
    "scanned": 7,
    "learned": 3,
    "actions": {
        "reject": 1,
        "soft reject": 0,
        "rewrite subject": 0,
        "add header": 2,
        "greylist": 1,
        "no action": 3,
    },
    "scan_times": [0.1, None, 0.5],
    "spam_count": 3,
    "ham_count": 4,
    "connections": 5,
    "control_connections": 6,
    "pools_allocated": 10,
    "pools_freed": 9,
    "bytes_allocated": 123456789,
    "chunks_allocated": 50,
    "shared_chunks_allocated": 3,
    "chunks_freed": 2,
    "chunks_oversized": 1,
    "fragmented": 0,
    "total_learns": 8,
    "statfiles": [
        {
            "revision": 3,
            "used": 10,
            "total": 100,
            "size": 1000,
            "symbol": "BAYES_SPAM",
            "type": "redis",
            "languages": 0,
            "users": 1,
        },
        {"symbol": "BAYES_HAM", "type": "redis", "label": "old", "total": 3, "used": 5},
    ],
    "fuzzy_hashes": {"rspamd.com": 123, "local": 0},
}

STATS: dict[str, Any] = {
    "full": STAT,
    "nothing": {},
    "array": [1],
    "odd": {
        "scanned": 3.9,
        "actions": {"a": "5", "b": 2.9, "c": None, "d": [1]},
        "spam_count": 1 / 3,
        "ham_count": 2**40,
        "learned": True,
        "connections": "5",
        "scan_times": ["1", 2, True],
        "fuzzy_hashes": {"a": 1.5, "b": "7", "c": -1},
        "statfiles": [{"symbol": "", "type": "x", "used": "5", "total": 2.9}],
    },
    "no scans": {"scanned": -5, "actions": {"reject": 1}, "scan_times": [None], "statfiles": {}},
}

_NAMES = ("B", "a", "C", "aa", "Z_", "A1", "A_NAME_OF_37_CHARACTERS_" + "X" * 13)
_WEIGHTS = (1, -5, 3.5, 0, 0.25, 1234567.25, -0.04)

COUNTERS = [
    {
        "symbol": name,
        "weight": weight,
        "frequency": at * 5 % 7 / 10,
        "frequency_stddev": at / 100,
        "hits": at * 3 % 7,
        "time": at * 4 % 7,
    }
    for at, (name, weight) in enumerate(zip(_NAMES, _WEIGHTS, strict=True))
]

COUNTER_LISTS: dict[str, Any] = {
    "full": COUNTERS,
    "none": [],
    "no array": {"error": "x"},
    "long name": [{**COUNTERS[0], "symbol": "X" * 38}],
    "wide name": [{**COUNTERS[0], "symbol": "\u6f22\u5b57\u00e9"}],
    "odd": [
        {**COUNTERS[0], "weight": None, "frequency": "x", "frequency_stddev": [1], "hits": 2.9},
        {"symbol": "X"},
        {"symbol": "Y", "weight": 1, "frequency": 1, "hits": 1},
    ],
}

LEARNS: dict[str, Any] = {
    "learned": {"success": True},
    "not learned": {"success": False, "error": "<1@example.org> contains less tokens: 3 < 11"},
    "hashes": {"success": True, "hashes": ["ab" * 64], "filename": "theirs"},
}

UPTIMES = (0, 1, 59, 60, 61, 119, 120, 3600, 3661, 7199, 7200, 7261, 86400, 90061, 180000, 1e6)
"""Seconds."""


def outcome(document: Any, *, name: str = "mail", body: bytes | None = None) -> Reply:
    """A reply as it goes to be printed."""
    headers = [("Server", "test"), ("Content-Type", "application/json")]
    return Reply(Item(name), 0.25, headers, json.dumps(document).encode(), document, body)


def printed(found: Outcome, *words: str, is_terminal: bool = False) -> str:
    """What is printed of it with these words on the command line."""
    call = read_command_line(words)
    return render(found, call.command, call.options, is_terminal=is_terminal).decode()
