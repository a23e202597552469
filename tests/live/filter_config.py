"""The configuration of the filter in live tests.

No server of DNS is asked by them, but those of their own: a test is the same wherever it runs.
"""

from mailfilter.checks import BUILT_IN

KEPT = frozenset(
    (
        "arc",
        "arc_sealing",
        "bare_dot_line",
        "dkim",
        "dkim_signing",
        "dmarc",
        "from_envfrom",
        "gtube",
        "html_only",
        "html_refresh",
        "mime_good",
        "missing_charset",
        "missing_headers",
        "phishing",
        "rcpt_count",
        "rcvd_count",
        "spf",
        "subject_caps",
        "to_names",
        "url_alphabets",
        "url_in_subject",
        "url_obfuscated",
        "url_services",
        "url_suspect",
        "urls",
    )
)
"""Checks that run. Others, and rules, would add to the scores of messages made by hand, which are
about MTAs and protocols: what they find is tested with them."""

OFF = "\n".join(
    f"[checks.{check.name}]\nenabled = false\n" for check in BUILT_IN if check.name not in KEPT
)

CONFIG = (
    f"{OFF}\n"
    + """\
[log]
format = "json"

[server]
workers = {workers}
watchdog = "{watchdog}"
{server}

[rules]
built_in = false

[scan]
check_dir = "{checks}"
gtube_patterns = "all"

[dns]
servers = ["{dns}"]

[checks.force]
timeout = "3s"

[checks.spf]
enabled = {spf}

[checks.dkim]
enabled = {senders}

[checks.arc]
enabled = {senders}

[checks.dmarc]
enabled = {senders}

[listeners.milter]
protocol = "milter"
endpoint = "tcp:{milter}:interface=127.0.0.1"

[listeners.unix]
protocol = "milter"
endpoint = "unix:{unix}:mode=666"

[listeners.scan]
protocol = "scan"
endpoint = "tcp:{http}:interface=127.0.0.1"

[listeners.spamd]
protocol = "spamd"
endpoint = "tcp:{spamd}:interface=127.0.0.1"

[listeners.controller]
protocol = "controller"
endpoint = "tcp:{controller}:interface=127.0.0.1"
"""
)
