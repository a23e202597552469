# ruff: noqa: E501 (messages stand here as they are shown)
"""Configuration files with mistakes, and what is said about them."""

from mailfilter.config.files import MAX_FILE

EVERYTHING = """\
timeout = "8s"
[scan]
timout = "8s"
timeout = 8
check_timeout = "2h"
max_options = 0
max_message = "50mb"
max_message = "40MiB"
gtube_patterns = "rejct"
[scann]
x = 1
[log]
format = true
[actions]
greylist = 7
add_header = "5"
subject = 5
[groups]
headers = 5
[profiles.a]
skip = "yes"
networks = [
  "10.0.0.1/8",
  "192.0.2.0/24",
  "10.0.0.0/99",
]
recipients = ["example.org", 5]
listeners = "scan"
[profiles.b]
listeners = ["scan", "scna"]
symbols = { A = true }
[listeners.one]
protocol = "http"
endpoint = "tcp:11333"
[listeners.two]
protocol = "smtp"
endpoint = "tcp:70000"
[listeners.three]
enabled = true
[checks.x]
timeout = inf
"""

FRAGMENT = """\
[server]
watchdog = "2 hours"
[listeners.four]
protocol = "milter"
endpoint = 'tcp6:11332:interface=\\:\\:'
"""

DURATION = 'expected a duration such as "250ms", "8s" or "1h30m" (units ms, s, m, h, d, w)'
SIZE = 'expected a size such as "64KiB" or "50MiB" (units B, KB, MB, GB, TB, KiB, MiB, GiB, TiB)'

FOUND = f"""\
m.toml:1: timeout = "8s": unknown key; did you mean scan.timeout?
m.toml:3: scan.timout = "8s": unknown key; did you mean scan.timeout?
m.toml:4: scan.timeout = 8: {DURATION}; did you mean "8s"?
m.toml:5: scan.check_timeout = "2h": expected a duration from 10ms to 1h
m.toml:6: scan.max_options = 0: expected an integer from 1 to 10000
m.toml:7: scan.max_message = "50mb": {SIZE}; did you mean "50MB"?
m.toml:8: scan.max_message = "40MiB": set a second time, first in line 7
m.toml:9: scan.gtube_patterns = "rejct": expected "disabled", "reject" or "all"; did you mean "reject"?
m.toml:10: scann: unknown table; did you mean scan?
m.toml:13: log.format = true: expected "text" or "json"
m.toml:16: actions.add_header = "5": expected a number, or "off"; did you mean 5?
m.toml:17: actions.subject = 5: expected a text in quotes; did you mean "5"?
m.toml:19: groups.headers = 5: expected a table
m.toml:21: profiles.a.skip = "yes": expected true or false; did you mean true?
m.toml:23: profiles.a.networks[0] = "10.0.0.1/8": expected a network: 10.0.0.1/8 has host bits set; did you mean "10.0.0.0/8"?
m.toml:25: profiles.a.networks[2] = "10.0.0.0/99": expected a network such as 192.0.2.0/24
m.toml:27: profiles.a.recipients[0] = "example.org": expected an address or @domain; did you mean "@example.org"?
m.toml:27: profiles.a.recipients[1] = 5: expected an address or @domain
m.toml:28: profiles.a.listeners = "scan": expected a list, each a text in quotes; did you mean ["scan"]?
m.toml:30: profiles.b.listeners[1] = "scna": expected the name of a listener; did you mean "scan"?
m.toml:31: profiles.b.symbols.A = true: expected a number
m.toml:34: listeners.one.endpoint = "tcp:11333": listeners.scan.endpoint (default) listens on the same address; set another address, or listeners.scan.enabled = false
m.toml:36: listeners.two.protocol = "smtp": expected "milter", "scan", "http", "spamd" or "controller"
m.toml:37: listeners.two.endpoint = "tcp:70000": expected a port from 0 to 65535, not 70000
m.toml:38: listeners.three.protocol: is missing; expected "milter", "scan", "http", "spamd" or "controller"
m.toml:38: listeners.three.endpoint: is missing; expected an endpoint
m.toml:41: checks.x.timeout = inf: {DURATION}
conf.d/x.toml:2: server.watchdog = "2 hours": {DURATION}; did you mean "2h"?
conf.d/x.toml:5: listeners.four.endpoint = "tcp6:11332:interface=\\\\:\\\\:": listeners.milter.endpoint (default) listens on the same address; set another address, or listeners.milter.enabled = false
"""

ONE_BY_ONE: tuple[tuple[str | bytes, str], ...] = (
    ("scan = 1", "m.toml:1: scan = 1: expected a table"),
    ("[[scan]]", "m.toml:1: scan = [{}]: expected a table"),
    (
        "a = 8s",
        'm.toml:1: a = 8s: not valid TOML: expected newline or end of document after a statement (column 6); did you mean "8s"?',
    ),
    ("[scan]\n\ntimeout = ", "m.toml:3: scan.timeout: not valid TOML: invalid value"),
    (
        "[scan\n",
        "m.toml:1: not valid TOML: expected ']' at the end of a table declaration (column 6)",
    ),
    ("\nx = [1,", "m.toml:2: x = [1,: not valid TOML: the array is not closed"),
    ("x = [[1], [2\n\n", "m.toml:1: x = [[1], [2: not valid TOML: the array is not closed"),
    ("x = [\n1,\n# c", "m.toml:1: x = [: not valid TOML: the array is not closed"),
    ("a = foo\nx = [1,", "m.toml:1: a = foo: not valid TOML: invalid value (column 5)"),
    (
        "[scan]\nx = [\n1,\ny = 3\n",
        "m.toml:4: not valid TOML: invalid value (column 1); the array scan.x begins in line 2",
    ),
    (
        "x = [\n1\n[scan]",
        "m.toml:3: not valid TOML: unclosed array (column 1); the array x begins in line 1",
    ),
    ("[scan]\n[log]\n[scan]\n", "m.toml:3: [scan]: set a second time, first in line 1"),
    (
        "scan = {timeout='1s', timeout='2s'}",
        "m.toml:1: scan.timeout = '2s': set a second time, first in line 1",
    ),
    (
        "a\0 = 1",
        "m.toml:1: not valid TOML: expected '=' after a key in a key/value pair (column 2)",
    ),
    ("[listeners.'']", 'm.toml:1: listeners."": expected a name of 1 to 128 printable characters'),
    (
        '[checks."a\\nb"]',
        'm.toml:1: checks."a\\nb": expected a name of 1 to 128 printable characters',
    ),
    (
        "[profiles]\n" + "a" * 129 + " = {}",
        "m.toml:2: profiles." + "a" * 129 + ": expected a name of 1 to 128 printable characters",
    ),
    ("[composites.A]", "m.toml:1: composites.A.expression: is missing; expected a text in quotes"),
    (
        'x = "' + "y" * 99 + '"',
        'm.toml:1: x = "'
        + "y" * 68
        + "...: unknown key; the configuration has server, log, scan, actions, texts, headers, dns, store, history, groups, symbols, composites, profiles, checks, rules, learning and 10 more",
    ),
    ("[log]\nsofa = 1", "m.toml:2: log.sofa = 1: unknown key; [log] has format and level"),
    (
        "[scan]\nwatchdog = 1",
        "m.toml:2: scan.watchdog = 1: unknown key; did you mean server.watchdog?",
    ),
    (
        "[actions]\nreject = 3",
        'm.toml:2: actions.reject = 3.0: expected at least actions.add_header = 6.0; "off" leaves reject out',
    ),
    ("[actions]\nreject = nan", 'm.toml:2: actions.reject = nan: expected a number, or "off"'),
    ("[actions]\nreject = true", 'm.toml:2: actions.reject = true: expected a number, or "off"'),
    (
        "[scan]\nmax_options = 1.0",
        "m.toml:2: scan.max_options = 1.0: expected an integer from 1 to 10000",
    ),
    (
        '[scan]\ncheck_dir = "\\u0000"',
        'm.toml:2: scan.check_dir = "\\u0000": expected a path without a NUL',
    ),
    (
        "[scan]\nmax_message = 1048576",
        f'm.toml:2: scan.max_message = 1048576: {SIZE}; did you mean "1MiB"?',
    ),
    (
        '[scan]\nmax_message = "1.5B"',
        'm.toml:2: scan.max_message = "1.5B": expected a whole number of octets',
    ),
    (
        "a = " + "9" * 5000,
        "m.toml:1: expected a value of at most 200 characters, or a text in quotes",
    ),
    ("a = " + "[" * 5000, "m.toml:1: expected at most 32 tables and arrays in each other"),
    (b"# \xff", "m.toml:1: expected UTF-8; octet 0xff is not"),
    (b"a = 1\n# \xc3(", "m.toml:2: expected UTF-8; octet 0xc3 is not"),
    ("a" * (MAX_FILE + 1), "m.toml: expected at most 1024KiB in a file"),
)
