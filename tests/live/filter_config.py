"""The configuration of the filter in live tests.

No server of DNS is asked by them, but those of their own: a test is the same wherever it runs.
"""

CONFIG = """\
[log]
format = "json"

[server]
workers = {workers}
watchdog = "{watchdog}"
{server}

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
