"""The published suite of ARC: all of its cases of validation, but for one, and of sealing."""

import base64
import re
from collections.abc import Mapping
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.auth.arc import ArcResult, verify
from mailfilter.auth.arc_seal import (
    FORM,
    Place,
    UnsealableError,
    new_set,
    place_in,
    sealed_lines,
)
from mailfilter.auth.arc_set import arc_sets, value_of
from mailfilter.auth.dkim_signature import unsigned_form
from mailfilter.auth.drive import Evaluation
from mailfilter.auth.private_key import read_private_key
from mailfilter.auth.results_text import said_by
from mailfilter.auth.signature_writer import sign_lines
from mailfilter.auth.signing_keys import SigningKey
from mailfilter.auth.tags import parse_tags
from mailfilter.mail import parse
from mailfilter.mail.canon import Canonical, Digest, Field

from .arc_suite import Case, cases

NOW = 1_500_000_000

OTHER: Mapping[str, str] = {
    "ams_fields_c_na": (
        "signed relaxed/relaxed without c=, but RFC 8617 4.1.2 has the field with the syntax and"
        ' semantics of DKIM-Signature, and there c= is "OPTIONAL, default is simple/simple"'
        " (RFC 6376 3.5)"
    )
}
"""Cases with another result, and why."""


def validated(case: Case) -> ArcResult:
    """What comes of the message of a case."""
    work: Evaluation[ArcResult] = verify(parse(case.raw).canonical, NOW)
    try:
        asks = next(work)
        while True:
            asks = work.send(case.answers(asks) if asks else ())
    except StopIteration as stop:
        found: ArcResult = stop.value
        return found


class ValidationTests(SynchronousTestCase):
    def test_all(self) -> None:
        """Where the suite leaves the result open (a chain that says of itself that it failed) it
        is a failure (RFC 8617 5.2 step 2)."""
        found = list(cases("validation"))
        self.assertGreater(len(found), 160)
        wrong = {}
        for case in found:
            result = validated(case)
            status = "fail" if result.status == "invalid" else result.status
            wanted = str(case.test["cv"]).lower() or "fail"
            if status != wanted:
                wrong[case.name] = f"{status} ({result.reason}), not {wanted}"
        self.assertEqual(set(wrong), set(OTHER), wrong)


class SealingTests(SynchronousTestCase):
    """The suite wants its fields octet by octet, but leaves it to programs how they order and fold
    tags. So ours must say the same, and in the suite's own fields the same must be signed.
    """

    def test_all(self) -> None:
        found = list(cases("sign"))
        self.assertEqual(len(found), 17)
        for case in found:
            if case.test["AS"]:
                self.assert_sealed(case)
            else:
                with self.assertRaises(UnsealableError):
                    place_of(case)

    def assert_sealed(self, case: Case) -> None:
        message, place, key = parse(case.raw).canonical, place_of(case), key_of(case)
        names = case.test["sig-headers"].encode().split(b":")
        made = new_set(
            key,
            message,
            place,
            results=results_of_case(case),
            names=names,
            digest=digest_of(message),
            time=int(case.test["t"]),
        )
        wanted = {name: one_line(case.test[name]) for name in ("AS", "AMS", "AAR")}
        self.assertEqual(one_line(made.results), wanted["AAR"], case.name)
        for value, name in ((made.seal, "AS"), (made.signature, "AMS")):
            ours, theirs = (parse_tags(text.encode()) for text in (value, wanted[name]))
            del ours["b"], theirs["b"]
            ours = {tag: bare(text) for tag, text in ours.items()}
            self.assertEqual(ours, theirs, case.name)
        results = field_of("ARC-Authentication-Results", wanted["AAR"])
        signature = field_of("ARC-Message-Signature", wanted["AMS"])
        signed = [*message.signed(names, FORM), unsigned_form(signature, FORM)]
        self.assertEqual(sign_lines(key, signed), octets_of(wanted["AMS"]), case.name)
        seal = field_of("ARC-Seal", wanted["AS"])
        signed = [*sealed_lines(place, results, signature), unsigned_form(seal, FORM)]
        self.assertEqual(sign_lines(key, signed), octets_of(wanted["AS"]), case.name)


def place_of(case: Case) -> Place:
    """Where the set of a case belongs; what came of the chain is in the message."""
    message = parse(case.raw).canonical
    status = re.search(r"\barc=(\w+)", results_of_case(case))
    validation: Any = status[1] if status else "fail"
    if status is None and not arc_sets(message):
        validation = "none"
    return place_in(message, validation)


def results_of_case(case: Case) -> str:
    """What the fields of the server of a case say together."""
    server = case.test["srv-id"]
    fields = parse(case.raw).canonical.named(b"authentication-results")
    found = [result for field in fields for result in said_by(server, value_of(field))]
    return "; ".join([server, *(result.text for result in found)])


def key_of(case: Case) -> SigningKey:
    """The private key of the scenario."""
    private = read_private_key(case.scenario["privatekey"].encode())
    return SigningKey(case.scenario["domain"], case.scenario["sel"], private)


def digest_of(message: Canonical) -> bytes:
    """Of the relaxed body."""
    work = message.body.digest(FORM)
    try:
        while True:
            next(work)
    except StopIteration as stop:
        digest: Digest = stop.value
        return digest.octets


def one_line(text: str) -> str:
    """A value as the suite signs it: no white space but one blank behind each semicolon."""
    lines = [line.strip() for line in text.strip().split("\n")]
    return "".join(line + " " * line.endswith(";") for line in lines)


def bare(text: bytes) -> bytes:
    """A value without white space."""
    return b"".join(text.split())


def field_of(name: str, value: str) -> Field:
    """A field on one line."""
    return Field(name.lower().encode(), f"{name}: {value}\r\n".encode())


def octets_of(value: str) -> bytes:
    """What `b=` has."""
    return base64.b64decode(parse_tags(value.encode())["b"])
