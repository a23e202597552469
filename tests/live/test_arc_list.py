"""A mailing list between the author and the reader: it breaks the author's signature, and our
filter seals what it sends; whoever trusts the list gets its mail."""

import functools
from typing import Any, ClassVar

import dkim  # type: ignore[import-untyped]

from . import signing_case
from .harness import Filter, shared_sink
from .postfix import Postfix
from .postfix_cf import Smtpd
from .postfix_keys import PASSWORD, SASL_OPTIONS, USER
from .signing import DOMAIN, LIST, fields_of, published, signing_filter, verified
from .signing_case import BOTH
from .smtp import Client
from .test_dkim_postfix import own_filter

ON_THE_LIST = f"""
[headers]
use = ["authentication-results"]
authserv_id = "lists.{LIST}"

[checks.arc_sealing.options]
use_domain = "{LIST}"
sign_local = true
sign_inbound = false
reuse_auth_results = true
"""
"""What the list sends is sealed, with what was found of it when it came."""
STRICT = """
[checks.dmarc.options.actions]
reject = "reject"
"""
TRUSTS = f"""
[checks.arc.options]
trusted_sealers = ["{LIST}"]
"""
FOOTER = b"-- \r\nThe list: https://list.test/\r\n"
SEALS = (b"arc-seal", b"arc-message-signature", b"arc-authentication-results")


@functools.cache
def list_filter() -> Filter:
    """The list's own."""
    return signing_filter((LIST, "arc"), settings=ON_THE_LIST)


@functools.cache
def reader(more: str) -> Filter:
    """One that does what policies of DMARC ask for."""
    return signing_filter(more=STRICT + more)


@functools.cache
def own_postfix() -> Postfix:
    """The servers of the author, of the list and of readers in one."""

    def milter(asked: Filter) -> str:
        return f"inet:127.0.0.1:{asked.milter}"

    services = {
        "sasl": Smtpd(milter(own_filter()), options=SASL_OPTIONS),
        "list": Smtpd(milter(list_filter())),
        "trusts": Smtpd(milter(reader(TRUSTS))),
        "trusts-none": Smtpd(milter(reader(""))),
    }
    return Postfix(services, shared_sink().port)


class ListTests(signing_case.SignedMailCase):
    """Mail of an author whose policy is to reject what does not pass."""

    needs: ClassVar = ("master", "saslpasswd2")
    author = f"{USER}@{DOMAIN}"

    def make_filter(self) -> Filter:
        """See `LiveCase`."""
        return reader(TRUSTS)

    def setUp(self) -> None:
        """See `LiveCase.setUp`."""
        super().setUp()
        self.sink = shared_sink()
        self.out = f"arc-list-{self._testMethodName}@sink.test".lower()

    def connect(self, service: str = "") -> Client:
        """See `SignedMailCase`; the list itself sends from its own host."""
        name = "list" if service == "from-list" else service or "sasl"
        client = Client(own_postfix().ports[name], stranger=service != "from-list")
        self.addCleanup(client.close)
        if not service:
            client.login(USER, PASSWORD)
        return client

    def passed(self, service: str, message: bytes, *words: str) -> bytes:
        """What arrives of a message that is sent over a service."""
        box = self.box_of(service or "author", *words)
        with self.connect(service) as client:
            self.hand_in(client, message, box)
        return self.arrived(box)

    def from_list(self, *words: str) -> bytes:
        """A message of the author as the list sends it."""
        message = self.passed("", self.ham, *words)
        self.assertEqual(verified(message), BOTH)
        return self.through_list(message, *words)

    def through_list(self, message: bytes, *words: str) -> bytes:
        """What the list makes of a message."""
        came = self.passed("list", message, *words)
        self.assertEqual(fields_of(came, b"arc-seal"), fields_of(message, b"arc-seal"))
        changed = came.replace(b"\r\nSubject: ", b"\r\nSubject: [list] ", 1) + FOOTER
        return self.passed("from-list", changed, *words)

    def read(self, service: str, message: bytes) -> tuple[int, dict[str, Any]]:
        """The reply of a reader's server, and the symbols."""
        own = reader(TRUSTS if service == "trusts" else "")
        mark, box = own.log_size(), self.box_of(service)
        with self.connect(service) as client:
            client.envelope(f"bounces@{LIST}", box)
            code = client.data_octets(message).code
        record = own.wait_record(mark, recipients=[box])
        return code, {item["name"]: item.get("options", []) for item in record["symbols"]}

    def test_sealed(self) -> None:
        """The author's signatures are broken, the chain is whole for dkimpy, too."""
        message = self.from_list()
        self.assertEqual(verified(message), [False, False])
        status, _, reason = dkim.arc_verify(message, dnsfunc=published)
        self.assertEqual(status, dkim.CV_Pass, reason)
        self.assertEqual([len(fields_of(message, name)) for name in SEALS], [1, 1, 1])
        names = [line.partition(b":")[0].lower() for line in message.split(b"\r\n")]
        found = [name for name in names if name in (*SEALS, b"dkim-signature")]
        self.assertEqual(found, [*SEALS, b"dkim-signature", b"dkim-signature"])
        (results,) = fields_of(message, b"arc-authentication-results")
        self.assertIn(f"i=1; lists.{LIST};".encode(), results)
        self.assertEqual(results.count(b"dkim=pass"), 2)
        self.assertIn(b"dmarc=pass", results)

    def test_trusted(self) -> None:
        """Whoever trusts the list believes that DMARC had passed before."""
        code, symbols = self.read("trusts", self.from_list())
        self.assertEqual(code, 250)
        self.assertIn("R_DKIM_REJECT", symbols)
        self.assertEqual(symbols["ARC_ALLOW"], [f"{LIST}:s=arc:i=1"])
        self.assertEqual(symbols["DMARC_POLICY_SOFTFAIL"][2], f"arc:{LIST}")
        (results,) = fields_of(self.arrived(self.box_of("trusts")), b"authentication-results")
        self.assertIn(b"arc=pass (i=1)", results)
        self.assertIn(b"dmarc=fail", results)

    def test_not_trusted(self) -> None:
        """To others a chain says nothing."""
        code, symbols = self.read("trusts-none", self.from_list())
        self.assertEqual(code, 554)
        self.assertIn("ARC_ALLOW", symbols)
        self.assertIn("DMARC_POLICY_REJECT", symbols)

    def test_two_lists(self) -> None:
        """One list sends to another one."""
        message = self.through_list(self.from_list("one"), "two")
        status, _, reason = dkim.arc_verify(message, dnsfunc=published)
        self.assertEqual(status, dkim.CV_Pass, reason)
        code, symbols = self.read("trusts", message)
        self.assertEqual(code, 250)
        self.assertEqual(symbols["ARC_ALLOW"], [f"{LIST}:s=arc:i=2"])
        self.assertIn("DMARC_POLICY_SOFTFAIL", symbols)

    def test_changed(self) -> None:
        """What somebody changes after the list does not pass."""
        message = self.from_list()
        for changed in (
            message + b"more\r\n",
            message.replace(b"\r\nFrom: ", b"\r\nFrom: x ", 1),
            message.replace(b"dmarc=pass", b"dmarc=fail", 1),
        ):
            code, symbols = self.read("trusts", changed)
            self.assertEqual(code, 554)
            self.assertIn("ARC_REJECT", symbols)

    def test_forged(self) -> None:
        """A list does not vouch for what did not pass when it came."""
        message = self.ham.replace(b"\r\n\r\n", b"\r\n\r\nforged\r\n", 1)
        code, symbols = self.read("trusts", self.through_list(message))
        self.assertEqual(code, 554)
        self.assertIn("ARC_ALLOW", symbols)
        self.assertIn("DMARC_POLICY_REJECT", symbols)
