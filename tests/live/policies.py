"""What becomes of mail by the policy of the listener, as its configuration file says it."""

import functools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import forced
from .delivered import values
from .harness import SENDER, Filter, Reply, message_file, wish
from .postfix_keys import ISSUER, SUBJECT
from .processes import free_port, wait_until
from .smtp import Client
from .threads import Threads

HOST = "mx.live.test"
"""What both MTAs call themselves."""
SENDMAIL_ISSUER = "/CN=authority"
"""The authority of our Sendmail, as Sendmail spells it."""
SENDMAIL_SUBJECT = f"/CN={SUBJECT}"

LISTENERS = {
    "discard": 'on_reject = "discard"',
    "quarantine": 'on_reject = "quarantine"',
    "look-on": "no_action = true",
    "junk": 'spam_header = "X-Junk"',
    "accept": 'on_failure = "accept"\ndeadline = "2s"',
    "tempfail": 'deadline = "2s"',
    "reject": 'on_failure = "reject"\ndeadline = "2s"',
    "certified": f'cert_issuer = "{ISSUER}"',
    "certified-dn": f'cert_issuer = "{SENDMAIL_ISSUER}"',
    "untrusted": f'trusted = false\ncert_issuer = "{ISSUER}"',
}
"""Listeners of the filter, and what is special about each."""
FAIL_POLICIES = ("accept", "tempfail", "reject")
"""Those in a hurry."""

SETTINGS = """\
[scan]
timeout = "30s"

[checks.force]
timeout = "20s"

[texts]
reject = "550 5.7.26 our rules:\\nnone of this"
soft_reject = "450 4.7.25 in 100% of an hour"
quarantine = "looked odd, 100%"

[profiles.partner]
senders = ["@partner.test"]
texts.reject = "not even from you"
texts.soft_reject = "give us a day"
texts.quarantine = "a partner's"

[headers]
use = ["x-spamd-result", "spam-header", "x-virus", "remove-headers", "authentication-results"]
skip_local = false
skip_authenticated = false
virus_symbols = ["FORCE_TWO"]
virus_clean = "none here"
virus_infected = "found"
remove = { X-Old = 0, X-Twice = 2 }
"""

_LISTENER = """
[listeners.{name}]
protocol = "milter"
endpoint = "tcp:{port}:interface=127.0.0.1"
{policy}
"""

PARTNER = "alice@partner.test"
UNSCANNED = "Message could not be scanned"
FORGED = (
    b"X-Rspamd-Action: no action\r\n"
    b"x-junk: No\r\n"
    b"Deliver-To: Inbox\r\n"
    b"X-Virus: none at all\r\n"
    b"X-Old: 1\r\n"
    b"X-Rspamd-Pre-Result: action=no action\r\n"
    b"Authentication-Results: mx.live.test; spf=pass\r\n"
    b"x-old: 2\r\n"
)


@functools.cache
def own_filter() -> tuple[Filter, dict[str, int]]:
    """The filter, and the ports of its listeners."""
    own = Filter(start=False, workers=1)
    ports = {name: free_port() for name in LISTENERS}
    tables = [
        _LISTENER.format(name=name, port=ports[name], policy=policy)
        for name, policy in LISTENERS.items()
    ]
    own.configure(SETTINGS + "".join(tables))
    own.start()
    return own, ports


class PolicyCases(forced.ForcedCase):
    """The same for every MTA; its port of a listener's name asks that listener."""

    service: str

    def make_filter(self) -> Filter:
        """The one with these listeners."""
        return own_filter()[0]

    def check_reason(self, held: Sequence[Path], reason: str) -> None:
        """See that the MTA says why it holds a message, as far as it does."""
        raise NotImplementedError

    def client(self, service: str) -> Client:
        """A session at the port of a listener."""
        raise NotImplementedError

    def row(self) -> dict[str, Any]:
        """What the history has of the one message of this test."""
        rows: list[dict[str, Any]] = []

        def look() -> bool:
            done = self.filter.adm("history", "--json", "--to", self.box)
            rows[:] = [json.loads(line) for line in done.stdout.splitlines()]
            return bool(rows)

        wait_until(look, "a row of the history")
        (row,) = rows
        return row

    def deferred_or_refused(self, *fields: tuple[str, str], sender: str = SENDER) -> Reply:
        """Send a message with wishes that is not accepted; the reply to it."""
        reply = self.send(wish(fields), sender=sender)
        self.wait_idle()
        self.assertEqual(self.delivered(), [])
        return reply

    def test_reject_discarded(self) -> None:
        """on_reject = discard: accepted, and gone; the history says what it was."""
        self.service = "discard"
        self.assertEqual(self.send(message_file("gtube-reject.eml")).code, 250)
        self.wait_idle()
        self.assertEqual(self.delivered(), [])
        self.assertEqual(self.row()["action"], "reject")

    def hold(self, reason: str, *fields: tuple[str, str], sender: str = SENDER) -> None:
        """Send a message with wishes that is held, and for what reason."""
        reply = self.send(wish(fields), sender=sender)
        self.assertEqual(reply.code, 250)
        held = self.held(reply)
        try:
            self.check_reason(held, reason)
        finally:
            for path in held:
                path.unlink()
        self.wait_idle()
        self.assertEqual(self.delivered(), [])

    def test_reject_held(self) -> None:
        """on_reject = quarantine: accepted, and held."""
        self.service = "quarantine"
        self.hold("looked odd, 100%", ("Action", "reject"))
        self.assertEqual(self.row()["action"], "reject")

    def test_quarantine(self) -> None:
        """The reason is that of the check, of the profile, or of the settings."""
        self.service = "junk"
        action = ("Action", "quarantine")
        self.hold("looked odd, 100%", action)
        self.hold("a partner's", action, sender=PARTNER)
        self.hold("it ticks", action, ("Message", "it ticks"))

    def test_look_on(self) -> None:
        """no_action: all is accepted, and named in one field; nothing else marks it."""
        self.service = "look-on"
        for name, action in (
            ("gtube-reject.eml", "reject"),
            ("gtube-rewrite-subject.eml", "rewrite subject"),
            ("ham.eml", "no action"),
        ):
            self.box = self.box.replace("@", "-x@")
            self.assertEqual(self.send(FORGED + message_file(name)).code, 250)
            delivered = self.wait_delivered()
            self.assertEqual(values(delivered, "X-Rspamd-Action"), [action])
            self.assertEqual(values(delivered, "X-Spam"), [])
            self.assertNotIn("SPAM", values(delivered, "Subject")[0])
            self.assertEqual(self.row()["action"], action)

    def test_spam_header(self) -> None:
        """spam_header: the mark has that name, and takes the place of forged ones."""
        self.service = "junk"
        delivered = self.arrive_forged("gtube-add-header.eml")
        self.assertEqual(values(delivered, "X-Junk"), ["Yes"])
        self.assertEqual(values(delivered, "X-Spam"), [])

    def arrive_forged(self, name: str = "ham.eml", wishes: bytes = b"") -> bytes:
        """Send a message with forged fields; what arrives."""
        self.assertEqual(self.send(wishes + FORGED + message_file(name)).code, 250)
        return self.wait_delivered().replace(b"\r\n", b"\n")

    def test_texts(self) -> None:
        """The texts of the settings, codes and lines and all."""
        self.service = "junk"
        reply = self.deferred_or_refused(("Action", "reject"))
        self.assertEqual(reply, Reply(550, "5.7.26 our rules:\n5.7.26 none of this"))
        reply = self.deferred_or_refused(("Action", "soft reject"))
        self.assertEqual(reply, Reply(450, "4.7.25 in 100% of an hour"))
        reply = self.deferred_or_refused(("Action", "reject"), ("Message", "that was it"))
        self.assertEqual(reply, Reply(554, "5.7.1 that was it"))

    def test_texts_by_score(self) -> None:
        """The same where no check has forced the action."""
        self.service = "junk"
        reply = self.deferred_or_refused(("Symbol", "FORCE_ONE 99"))
        self.assertEqual(reply.code, 550)

    def test_texts_of_profile(self) -> None:
        """A profile has texts of its own."""
        self.service = "junk"
        reply = self.deferred_or_refused(("Action", "reject"), sender=PARTNER)
        self.assertEqual(reply, Reply(554, "5.7.1 not even from you"))
        reply = self.deferred_or_refused(("Action", "soft reject"), sender=PARTNER)
        self.assertEqual(reply, Reply(451, "4.7.1 give us a day"))

    def test_deadline(self) -> None:
        """A scan that takes longer is given up, and on_failure holds."""
        replies: dict[str, Reply] = {}
        slow = wish([("Delay", "4.5"), ("Action", "soft reject")])

        def send(number: int) -> None:
            service = FAIL_POLICIES[number]
            with self.client(service) as client:
                client.envelope(SENDER, self.box)
                replies[service] = client.data_octets(slow)

        Threads(len(FAIL_POLICIES), send).join()
        self.assertEqual(replies["accept"].code, 250)
        self.assertEqual(replies["tempfail"], Reply(451, f"4.7.1 {UNSCANNED}"))
        self.assertEqual(replies["reject"], Reply(554, f"5.7.1 {UNSCANNED}"))
        for name in FAIL_POLICIES:
            self.filter.wait_record(self.mark, listener=name, unscanned="deadline")
        cancelled = self.filter.log(self.mark).count("the delay was cancelled")
        self.assertEqual(cancelled, len(FAIL_POLICIES))
        self.wait_idle()
        (delivered,) = self.delivered()
        self.assertEqual(values(delivered, "Authentication-Results"), [])

    def test_deadline_of_later_messages(self) -> None:
        """On the connection of a message that was given up the next one is scanned."""
        with self.client("tempfail") as client:
            for message, code in (
                (wish([("Delay", "4.5")]), 451),
                (message_file("ham.eml"), 250),
                (wish([("Action", "reject")]), 550),
            ):
                client.envelope(SENDER, self.box)
                self.assertEqual(client.data_octets(message).code, code)
        self.wait_idle()
        self.assertEqual(len(self.delivered()), 1)

    def test_host_of_mta(self) -> None:
        """Authentication-Results bear the name that the MTA has; a forged one is gone."""
        self.service = "junk"
        (value,) = values(self.arrive_forged(), "Authentication-Results")
        self.assertEqual(value.split(), [f"{HOST};", "none"])

    def test_host_untrusted(self) -> None:
        """Not of a listener that is not trusted: there it is that of this machine."""
        self.service = "untrusted"
        (value, *_) = values(self.arrive_forged(), "Authentication-Results")
        self.assertNotIn(HOST, value.split(";")[0])

    def test_other_headers(self) -> None:
        """spam-header, x-virus, remove-headers and x-rspamd-pre-result, in place of forged ones."""
        self.service = "junk"
        wishes = b"X-Test-Action: add header\r\nX-Test-Message: a reason\r\n"
        wishes += b"X-Test-Symbol: FORCE_TWO 1 Eicar\r\n"
        delivered = self.arrive_forged("folded.eml", wishes)
        self.assertEqual(values(delivered, "Deliver-To"), ["Junk"])
        self.assertEqual(values(delivered, "X-Virus"), ["found, Eicar"])
        self.assertEqual(values(delivered, "X-Old"), [])
        self.assertEqual(values(delivered, "X-Twice"), ["first", "third"])
        (pre,) = values(delivered, "X-Rspamd-Pre-Result")
        self.assertEqual(" ".join(pre.split()), "action=add header; module=force; a reason")

    def test_other_headers_of_ham(self) -> None:
        """Where they say nothing, or that there is nothing."""
        self.service = "junk"
        delivered = self.arrive_forged()
        self.assertEqual(values(delivered, "X-Virus"), ["none here"])
        for name in ("Deliver-To", "X-Old", "X-Rspamd-Pre-Result"):
            self.assertEqual(values(delivered, name), [], name)
