"""Which fields are removed and added, of which mail, and where."""

import re
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.model import HeaderSettings
from mailfilter.mail import parse
from mailfilter.report.edits import clean_edits
from mailfilter.report.milter_headers import MAX_COUNTED, HeaderProducer
from mailfilter.report.reply_edits import tell_edits
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.networks import local_networks
from mailfilter.scan.verdict import (
    Action,
    AddHeader,
    AuthResult,
    Edit,
    RemoveHeader,
    SymbolResult,
    Verdict,
)

bounded = settings(derandomize=True, max_examples=200, deadline=None, database=None)
LOCAL = local_networks(["192.0.2.0/24"])
FOREIGN = Envelope(
    "test",
    client_ip=ip_address("198.51.100.1"),
    sender="a@example.org",
    queue_id="4XQ",
    mta_host="mx.our.test",
)
NEAR = replace(FOREIGN, client_ip=ip_address("192.0.2.1"))
USER = replace(FOREIGN, user="alice")
VERDICT = Verdict(Action.ADD_HEADER, 8.4, 15.0, (), "id", (SymbolResult("SYM_A", 8.4, 1.0),))
PLAIN = b"Subject: x\r\n\r\nbody\r\n"
AUTH = "Authentication-Results"
FORGED = b"".join(
    b"%s: %s\r\n" % field
    for field in (
        (b"authentication-results", b"mx.our.test; spf=pass"),
        (b"Authentication-Results", b"other.test; spf=fail"),
        (b"AUTHENTICATION-RESULTS", b"\r\n\t(x) MX.our.test.\r\n\t; spf=pass"),
        (b"Received", b"from a by b"),
        (b"Authentication-Results ", b'"mx.our.test" 1; spf=pass'),
        (b"Authentication-Results", b"third.test; none"),
    )
)


CUTS = (
    b"A: b\r\nfoo bar\r\n",
    b"foo bar\r\n",
    b"A: b\r\nfoo bar: x\r\n",
    b"A\x7fB: b\r\n",
    b"A: b\r\nA\x01: b\r\n",
    b"A\x00: b\r\n",
    b":x\r\n" * 66,
    b"A: b\r\n" + b">From x\r\n" * 66,
    b"A: b\r\n\r\r\n",
)
"""Lines at which the parser takes the header for ended, or gives up."""


def edits(
    envelope: Envelope = FOREIGN,
    raw: bytes = PLAIN,
    verdict: Verdict = VERDICT,
    **fields: Any,
) -> tuple[Edit, ...]:
    """What the producer asks for, with such settings."""
    producer = HeaderProducer(HeaderSettings(**fields), LOCAL, "host.test")
    return tuple(producer(envelope, parse(raw), verdict))


def added(*args: Any, **settings: Any) -> dict[str, str]:
    """Fields added, with their values."""
    found = edits(*args, **settings)
    return {edit.name: edit.value for edit in found if isinstance(edit, AddHeader)}


def removed(*args: Any, **settings: Any) -> list[tuple[str, int]]:
    """Fields removed."""
    found = edits(*args, **settings)
    return [(edit.name, edit.occurrence) for edit in found if isinstance(edit, RemoveHeader)]


class RoutineTests(SynchronousTestCase):
    """What runs."""

    def test_default(self) -> None:
        """As Rspamd does without settings: others' X-Spam goes, nothing comes, of any mail."""
        for envelope in (FOREIGN, NEAR, USER, Envelope("test")):
            self.assertEqual(edits(envelope), (RemoveHeader("X-Spam"),))
        self.assertEqual(edits(remove_upstream_spam_flag=False), ())
        self.assertEqual(
            edits(remove_upstream_spam_flag=False, use=("remove-spam-flag",)),
            (RemoveHeader("X-Spam"),),
        )

    def test_not_scanned(self) -> None:
        """What others wrote in our name goes all the same; of ours comes why there was no scan."""
        raw = b"Authentication-Results: mx.test; spf=pass\r\n" + PLAIN
        settings: dict[str, Any] = {
            "use": ("x-spamd-bar", "authentication-results"),
            "authserv_id": "mx.test",
        }
        gone = [
            RemoveHeader("X-Spamd-Bar"),
            RemoveHeader("X-Spam"),
            RemoveHeader("Authentication-Results", 1),
        ]
        skipped = replace(VERDICT, is_skipped=True)
        self.assertCountEqual(edits(raw=raw, verdict=skipped, **settings), gone)
        unscanned = replace(VERDICT, unscanned="deadline")
        why = [RemoveHeader("X-Spam-Skipped"), AddHeader("X-Spam-Skipped", "deadline")]
        self.assertCountEqual(edits(raw=raw, verdict=unscanned, **settings), [*gone, *why])
        keep = edits(raw=raw, verdict=skipped, keep=settings["use"], **settings)
        self.assertEqual(keep, (RemoveHeader("X-Spam"),))

    def test_use(self) -> None:
        """Fields of a name are removed before ours is added, in the order of the settings."""
        self.assertEqual(
            edits(use=("x-spam-level", "x-spamd-bar", "x-spam-level")),
            (
                RemoveHeader("X-Spam-Level"),
                RemoveHeader("X-Spamd-Bar"),
                RemoveHeader("X-Spam"),
                AddHeader("X-Spam-Level", "********"),
                AddHeader("X-Spamd-Bar", "++++++++"),
            ),
        )

    def test_no_value(self) -> None:
        """A field that is not added for this verdict is removed all the same."""
        mild = replace(VERDICT, action=Action.NO_ACTION, score=0.5)
        found = edits(FOREIGN, PLAIN, mild, use=("x-spam-level", "spam-header", "x-virus"))
        self.assertEqual(
            [str(edit.name) for edit in found if isinstance(edit, RemoveHeader)],
            ["X-Spam-Level", "Deliver-To", "X-Virus", "X-Spam"],
        )
        self.assertEqual(len(found), 4)

    def test_extended(self) -> None:
        """The set of routines that Rspamd calls extended."""
        forced = replace(VERDICT, forced_by="one")
        for told, more in ((VERDICT, {}), (forced, {"X-Rspamd-Pre-Result"})):
            self.assertEqual(
                set(added(FOREIGN, PLAIN, told, extended_spam_headers=True)),
                {"X-Spamd-Result", "X-Rspamd-Server", "X-Rspamd-Queue-Id", "X-Rspamd-Action"}
                | set(more),
            )
        self.assertIn(("X-Rspamd-Pre-Result", 0), removed(extended_spam_headers=True))

    def test_server(self) -> None:
        """The name set, else this machine's."""
        use: dict[str, Any] = {"use": ("x-rspamd-server",)}
        self.assertEqual(added(**use), {"X-Rspamd-Server": "host.test"})
        self.assertEqual(added(**use, server_name="a\r\nb"), {"X-Rspamd-Server": "a b"})

    def test_add(self) -> None:
        """Fields of one's own, in place of any of that name."""
        found = edits(use=("add-headers",), add={"X-A": "1", "X-B": "caf\u00e9"})
        self.assertEqual(
            found,
            (
                RemoveHeader("X-A"),
                RemoveHeader("X-B"),
                RemoveHeader("X-Spam"),
                AddHeader("X-A", "1"),
                AddHeader("X-B", "=?utf-8?b?Y2Fmw6k=?="),
            ),
        )
        self.assertNotIn(RemoveHeader("X-A"), edits(add={"X-A": "1"}))
        kept = edits(use=("add-headers",), add={"X-A": "1"}, keep=("add-headers",))
        self.assertEqual(kept, (RemoveHeader("X-Spam"), AddHeader("X-A", "1")))

    def test_remove(self) -> None:
        """All, the n-th, or the last of a name."""
        remove = {"X-A": 0, "X-B": 2, "X-C": -1}
        for routine in ("remove-header", "remove-headers"):
            found = removed(use=(routine,), remove=remove)
            self.assertEqual(found, [*remove.items(), ("X-Spam", 0)])
        self.assertEqual(removed(remove=remove), [("X-Spam", 0)])

    def test_names(self) -> None:
        """Other names for fields."""
        names = {"x-spamd-bar": "X-Bar", "remove-spam-flag": "X-Flag"}
        self.assertEqual(
            edits(use=("x-spamd-bar",), names=names),
            (RemoveHeader("X-Bar"), RemoveHeader("X-Flag"), AddHeader("X-Bar", "++++++++")),
        )

    def test_keep(self) -> None:
        """Others' fields stay where that is asked for."""
        found = edits(use=("x-spamd-bar",), keep=("x-spamd-bar", "remove-spam-flag"))
        self.assertEqual(found, (AddHeader("X-Spamd-Bar", "++++++++"),))

    def test_top(self) -> None:
        """Below the MTA's Received, Authentication-Results first."""
        use = ("x-spamd-bar", "authentication-results", "x-spam-level")
        found = edits(use=use, position="top")
        self.assertEqual(
            [(edit.name, edit.order) for edit in found if isinstance(edit, AddHeader)],
            [(AUTH, 1), ("X-Spamd-Bar", 1), ("X-Spam-Level", 1)],
        )
        found = edits(use=use)
        self.assertEqual(
            [(edit.name, edit.order) for edit in found if isinstance(edit, AddHeader)],
            [(AUTH, 1), ("X-Spamd-Bar", -1), ("X-Spam-Level", -1)],
        )


class ReplyTests(SynchronousTestCase):
    """What HTTP clients are told."""

    def milter(self, told: tuple[Edit, ...]) -> Any:
        """The `milter` object of a reply with these edits."""
        return tell_edits(told, "rspamd", "\n", b"").milter

    def test_default(self) -> None:
        """The same as rspamd 3.4 says without settings."""
        self.assertEqual(self.milter(edits()), {"remove_headers": {"X-Spam": 0}})

    def test_forged(self) -> None:
        """The last first, for clients that remove one after the other."""
        told = self.milter(edits(FOREIGN, FORGED + PLAIN, use=("authentication-results",)))
        self.assertEqual(told["remove_headers"], {"X-Spam": 0, AUTH: [4, 3, 1]})
        self.assertEqual(told["add_headers"], {AUTH: {"value": "mx.our.test;\n\tnone", "order": 1}})


class HostileTests(SynchronousTestCase):
    """What comes from an MTA and its clients."""

    SAFE = re.compile(r"[ -~]*(?:\n\t[ -~]+)*")

    @bounded
    @given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=300))
    def test_any(self, host: str, user: str, sender: str) -> None:
        """Every value is fit for a field as it is, and no name is new."""
        envelope = replace(
            FOREIGN, mta_host=host, user=user, sender=sender, queue_id=user, client_ip=None
        )
        use = ("authentication-results", "x-spam-status")
        own: dict[str, Any] = {"skip_authenticated": False, "extended_spam_headers": True}
        told = edits(envelope, FORGED + PLAIN, VERDICT, use=use, **own)
        self.assertEqual(clean_edits(told).edits, told)
        for value in added(envelope, PLAIN, VERDICT, use=use, **own).values():
            self.assertTrue(self.SAFE.fullmatch(value), value)


class SkipTests(SynchronousTestCase):
    """Mail of our own."""

    USE = ("x-spamd-bar", "authentication-results", "x-spam-level")

    def names(self, envelope: Envelope, **settings: Any) -> list[str]:
        """Fields added."""
        return list(added(envelope, use=self.USE, **settings))

    def test_skipped(self) -> None:
        """Mail of local networks, of loopback and of users gets nothing; unless it should."""
        every = [AUTH, "X-Spamd-Bar", "X-Spam-Level"]
        loopback = replace(FOREIGN, client_ip=ip_address("::1"))
        for envelope in (NEAR, loopback):
            self.assertEqual(self.names(envelope), [])
            self.assertEqual(self.names(envelope, skip_local=False), every)
            some = self.names(envelope, local_headers=("x-spamd-bar",))
            self.assertEqual(some, ["X-Spamd-Bar"])
        self.assertEqual(self.names(USER), [])
        self.assertEqual(self.names(USER, skip_authenticated=False), every)
        some = self.names(USER, authenticated_headers=("authentication-results",))
        self.assertEqual(some, [AUTH])
        self.assertEqual(self.names(Envelope("test")), every)

    def test_both(self) -> None:
        """A user at home gets what both lists have."""
        both = replace(NEAR, user="alice")
        one, other = ("x-spamd-bar", "x-spam-level"), ("x-spam-level", "authentication-results")
        found = self.names(both, local_headers=one, authenticated_headers=other)
        self.assertEqual(found, ["X-Spam-Level"])
        self.assertEqual(self.names(both, local_headers=one), [])

    def test_still_removed(self) -> None:
        """What is forged goes, also from mail that gets nothing."""
        for envelope in (NEAR, USER):
            found = edits(envelope, FORGED + PLAIN, use=self.USE)
            self.assertEqual(
                found,
                (
                    RemoveHeader("X-Spamd-Bar"),
                    RemoveHeader("X-Spam-Level"),
                    RemoveHeader("X-Spam"),
                    *(RemoveHeader(AUTH, number) for number in (4, 3, 1)),
                ),
            )


class AuthenticationTests(SynchronousTestCase):
    """Authentication-Results."""

    USE = ("authentication-results",)

    def value(self, envelope: Envelope = FOREIGN, verdict: Verdict = VERDICT, **own: Any) -> str:
        """The value of the field added."""
        return added(envelope, PLAIN, verdict, use=self.USE, **own)[AUTH]

    def numbers(self, raw: bytes, **own: Any) -> list[int]:
        """Which of the fields are removed."""
        found = removed(FOREIGN, raw, VERDICT, use=self.USE, **own)
        return [number for name, number in found if name.lower() == AUTH.lower()]

    def test_name(self) -> None:
        """The name set, else the MTA's, else this machine's."""
        self.assertEqual(self.value(), "mx.our.test;\n\tnone")
        self.assertEqual(self.value(authserv_id="our.test"), "our.test;\n\tnone")
        for bad in (None, "", " ", "x" * 256):
            envelope = replace(FOREIGN, mta_host=bad)
            self.assertEqual(self.value(envelope), "host.test;\n\tnone")
        self.assertEqual(self.value(replace(FOREIGN, mta_host="a\r\nb")), '"a??b";\n\tnone')
        used = HeaderSettings(use=("authentication-results",))
        *_, edit = HeaderProducer(used, LOCAL)(Envelope("test"), parse(PLAIN), VERDICT)
        self.assertIsInstance(edit, AddHeader)

    def test_results(self) -> None:
        """What checks found, and before it who has logged in, as Rspamd 3.4 writes it."""
        spf = AuthResult("spf", "pass", properties=(("smtp.mailfrom", "a@example.org"),))
        verdict = replace(VERDICT, auth_results=(spf,))
        told = "spf=pass smtp.mailfrom=a@example.org"
        user = "auth=pass smtp.auth=alice smtp.mailfrom=a@example.org"
        own: dict[str, Any] = {"skip_authenticated": False}
        self.assertEqual(self.value(FOREIGN, verdict), f"mx.our.test;\n\t{told}")
        self.assertEqual(self.value(USER, **own), f"mx.our.test;\n\t{user}")
        self.assertEqual(self.value(USER, verdict, **own), f"mx.our.test;\n\t{user};\n\t{told}")
        null = self.value(replace(USER, sender=""), **own)
        self.assertEqual(null, "mx.our.test;\n\tauth=pass smtp.auth=alice")

    def test_known_user(self) -> None:
        """A check that knows better how somebody logged in is believed."""
        verdict = replace(VERDICT, auth_results=(AuthResult("auth", "pass"),))
        found = self.value(USER, verdict, skip_authenticated=False)
        self.assertEqual(found, "mx.our.test;\n\tauth=pass")

    def test_forged(self) -> None:
        """Those with our name go, the last first; others stay."""
        self.assertEqual(self.numbers(FORGED + PLAIN), [4, 3, 1])
        self.assertEqual(self.numbers(FORGED + PLAIN, authserv_id="Third.Test"), [5])
        self.assertEqual(self.numbers(PLAIN), [])
        self.assertEqual(self.numbers(FORGED + PLAIN, keep=self.USE), [])
        other = FORGED.replace(AUTH.encode(), b"X-Auth")
        names = {"authentication-results": "X-Auth"}
        found = removed(FOREIGN, other, VERDICT, use=self.USE, names=names)
        self.assertEqual(found[1:], [("X-Auth", 2)])

    def test_too_many(self) -> None:
        """Of more than can be told apart, all go; so where we do not see all fields."""
        line = b"Authentication-Results: other.test; none\r\n"
        self.assertEqual(self.numbers(line * MAX_COUNTED + PLAIN), [])
        self.assertEqual(self.numbers(line * (MAX_COUNTED + 1) + PLAIN), [0])
        self.assertEqual(self.numbers(b"X-A: b\r\n" * 3000 + FORGED + PLAIN), [0])
        self.assertEqual(self.numbers(b"X-A: %s\r\n" % (b"b" * 2**21) + FORGED + PLAIN), [0])

    def test_cut(self) -> None:
        """All go where the header has lines behind which we see no fields, but others may."""
        for odd in CUTS:
            self.assertEqual(self.numbers(odd + FORGED + PLAIN), [0], odd[:20])
        for odd in (b":x\r\n", b"From x\r\n", b" x\r\n"):
            self.assertEqual(self.numbers(odd + FORGED + PLAIN), self.numbers(FORGED + PLAIN))
