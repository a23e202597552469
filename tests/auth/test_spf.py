"""The evaluation of SPF: what the suites do not ask."""

from ipaddress import ip_address

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.auth.spf import MAX_EXPLANATION, evaluate
from mailfilter.auth.spf_values import Asked, Limits
from mailfilter.codec.dns_answer import (
    Answer,
    DnsBudgetSpent,
    DnsBusy,
    DnsError,
    DnsFailure,
    DnsTimeout,
    Kind,
    Question,
)

from .spf_zone import Zone, check, lines_zone, run

SENDER = "example.com"


class OutcomeTests(SynchronousTestCase):
    """What a result tells beside its name."""

    def test_mechanism(self) -> None:
        """The term that decides, always with its qualifier, and whose it is."""
        for record, mechanism, result in (
            ("v=spf1 ip4:192.0.2.0/24 -all", "+ip4:192.0.2.0/24", "pass"),
            ("v=spf1 -IP4:192.0.2.1 +all", "-IP4:192.0.2.1", "fail"),
            ("v=spf1 ip4:192.0.2.2 ~all", "~all", "softfail"),
            ("v=spf1 ip4:192.0.2.2 ?all", "?all", "neutral"),
            ("v=spf1 ip4:192.0.2.2", "", "neutral"),
        ):
            found = check({SENDER: f"TXT {record}"})
            self.assertEqual((found.mechanism, found.result), (mechanism, result), record)
            self.assertEqual(found.domain, SENDER)

    def test_include(self) -> None:
        """The term that matched inside, and the outermost way to it."""
        found = check(
            {
                SENDER: "TXT v=spf1 -include:a.example.net ~all",
                "a.example.net": "TXT v=spf1 include:b.example.net -all",
                "b.example.net": "TXT v=spf1 ip4:192.0.2.1 -all",
            }
        )
        self.assertEqual((found.result, found.include), ("fail", "-include:a.example.net"))
        self.assertEqual((found.mechanism, found.domain), ("+ip4:192.0.2.1", "b.example.net"))
        self.assertEqual(found.lookups, 2)

    def test_plus_all(self) -> None:
        """Whoever lets anybody pass, wherever that is written; not who merely ends like that."""
        elsewhere = {"open.example.net": "TXT v=spf1 +all"}
        for record, expected in (
            ("v=spf1 +all", True),
            ("v=spf1 all", True),
            ("v=spf1 include:open.example.net -all", True),
            ("v=spf1 redirect=open.example.net", True),
            ("v=spf1 ip4:192.0.2.1 +all", False),
            ("v=spf1 -include:open.example.net", False),
            ("v=spf1 -all", False),
        ):
            found = check({SENDER: f"TXT {record}", **elsewhere})
            self.assertEqual(found.is_plus_all, expected, record)

    def test_steps(self) -> None:
        """Everything that was asked and tried, in order."""
        found = check(
            {
                SENDER: ["TXT v=spf1 a include:x.example.net -all", "A 192.0.2.9"],
                "x.example.net": "TXT v=spf1 ip4:192.0.2.7 redirect=y.example.net",
                "y.example.net": "TXT v=spf1 ip4:192.0.2.1",
            },
            limits=Limits(has_terms=True),
        )
        steps = [(step.depth, step.domain, str(step.what)) for step in found.steps]
        self.assertEqual(
            steps,
            [
                (1, SENDER, f"{SENDER} TXT"),
                (1, SENDER, f"{SENDER} A"),
                (1, SENDER, "+a"),
                (2, "x.example.net", "x.example.net TXT"),
                (2, "x.example.net", "+ip4:192.0.2.7"),
                (2, "x.example.net", "redirect=y.example.net"),
                (3, "y.example.net", "y.example.net TXT"),
                (3, "y.example.net", "+ip4:192.0.2.1"),
                (1, SENDER, "+include:x.example.net"),
            ],
        )
        self.assertEqual([s.outcome for s in found.steps if s.what == "+a"], ["no match"])

    def test_problem(self) -> None:
        """Errors say what is the matter and whose record it is, in printable ASCII."""
        found = check(
            {
                SENDER: "TXT v=spf1 include:x.example.net -all",
                "x.example.net": "TXT v=spf1 ip4:192.0.2.300 -all",
            }
        )
        self.assertEqual((found.result, found.domain), ("permerror", "x.example.net"))
        self.assertEqual(found.problem, "ip4:192.0.2.300: address expected")
        found = check({SENDER: "TXT v=spf1 \r\nbad -all"})
        self.assertTrue(found.problem.isprintable())

    def test_error_in_outer_record(self) -> None:
        """After an include it is the outer record's again."""
        found = check(
            {
                SENDER: "TXT v=spf1 include:x.example.net include:none.example.net -all",
                "x.example.net": "TXT v=spf1 -all",
            }
        )
        self.assertEqual((found.result, found.domain), ("permerror", SENDER))


class IdentityTests(SynchronousTestCase):
    """Who is asked about."""

    def test_null_sender(self) -> None:
        """Is the HELO, as postmaster."""
        zone = {
            "mx.example.com": "TXT v=spf1 exists:%{l}.%{o}.x.example.com -all",
            "postmaster.mx.example.com.x.example.com": "A 127.0.0.2",
        }
        self.assertEqual(check(zone, sender="").result, "pass")
        self.assertEqual(Asked(ip_address("::1"), "", "x").identity, "helo")
        self.assertEqual(Asked(ip_address("::1"), "a@b.c", "x").identity, "mailfrom")

    def test_sender_without_domain(self) -> None:
        """Is not that of the HELO: nobody has asked for that."""
        zone = lines_zone({"mx.example.com": "TXT v=spf1 +all"})
        for sender in ("joe@", "@", "joe@@"):
            self.assertEqual(check({}, sender=sender, zone=zone).result, "none", sender)
        self.assertEqual(zone.asked, [])

    def test_domain(self) -> None:
        """Another domain than that of the sender may be asked."""
        zone = lines_zone({"other.example.net": "TXT v=spf1 exists:%{o}.%{d} -all"})
        asked = Asked(ip_address("192.0.2.1"), "a@b.example", "c.example", "other.example.net")
        self.assertEqual(run(asked, zone).result, "fail")
        self.assertEqual(zone.asked[-1].name, "b.example.other.example.net")

    def test_no_domain(self) -> None:
        """What cannot be a domain is not asked of DNS at all."""
        for sender in (
            "joe@localhost",
            "joe@[192.0.2.1]",
            "joe@192.0.2.1",
            "joe@.example.com",
            "joe@" + "a" * 64 + ".com",
            "joe@" + "a." * 200 + "com",
            "joe@ex\\046ample.com",
            "joe@ex ample.com",
            "joe@\udc80.com",
            "@",
            "joe@xn--\u0378.com",
        ):
            zone = Zone()
            found = check({}, sender=sender, helo="", zone=zone)
            self.assertEqual((found.result, zone.asked), ("none", []), sender)

    def test_other_scripts(self) -> None:
        """Domains are asked in ASCII; terms with a local part that is not match nothing."""
        zone = {
            "xn--bcher-kva.example": "TXT v=spf1 exists:%{l}.%{o} include:%{s} a:%{o} -all",
            "*": "A 127.0.0.1",
        }
        found = check(zone, sender="j\u00f6rg@B\u00fccher.example")
        self.assertEqual(found.result, "fail")
        self.assertIn(Question("xn--bcher-kva.example", Kind.A), [s.what for s in found.steps])

    def test_mapped(self) -> None:
        """An IPv4 address in an IPv6 one is an IPv4 address."""
        found = check({SENDER: "TXT v=spf1 ip6:::/0 ip4:192.0.2.1 -all"}, ip="::ffff:192.0.2.1")
        self.assertEqual(found.mechanism, "+ip4:192.0.2.1")


class ErrorTests(SynchronousTestCase):
    """DNS that does not answer."""

    def first(self, record: str, error: DnsError, kind: Kind) -> str:
        """The result if questions of a kind have an error."""
        zone = lines_zone(
            {
                SENDER: [f"TXT {record}", "MX 5 mx.example.com"],
                "1.2.0.192.in-addr.arpa": "PTR mx.example.com",
            }
        )
        evaluation = evaluate(Asked(ip_address("192.0.2.1"), f"joe@{SENDER}"))
        answer: Answer | DnsError | None = None
        try:
            question = next(evaluation)
            while True:
                answer = error if question.kind == kind else zone.answer(question)
                question = evaluation.send(answer)
        except StopIteration as stop:
            return str(stop.value.result)

    def test_temporary(self) -> None:
        """Nothing is known: no later term counts."""
        nobody = Question("", Kind.A)
        for error in (DnsTimeout(nobody), DnsFailure(nobody), DnsBusy(nobody)):
            self.assertEqual(self.first("v=spf1 +all", error, Kind.TXT), "temperror")
            self.assertEqual(self.first("v=spf1 a +all", error, Kind.A), "temperror")
            self.assertEqual(self.first("v=spf1 mx +all", error, Kind.A), "temperror")
            self.assertEqual(self.first("v=spf1 mx +all", error, Kind.MX), "temperror")
            self.assertEqual(self.first("v=spf1 exists:a.b +all", error, Kind.A), "temperror")

    def test_names_of_client(self) -> None:
        """Errors there mean that it has no such name; what we did not ask means nothing."""
        nobody = Question("", Kind.A)
        for kind in (Kind.PTR, Kind.A):
            self.assertEqual(self.first("v=spf1 ptr -all", DnsTimeout(nobody), kind), "fail")
            for error in (DnsBudgetSpent(nobody), DnsBusy(nobody)):
                self.assertEqual(self.first("v=spf1 ptr -all", error, kind), "temperror")

    def test_explanation(self) -> None:
        """A fail stays one, whatever becomes of its explanation."""
        nobody = Question("", Kind.A)
        record = "v=spf1 -all exp=%{p}.example.com"
        for error in (DnsTimeout(nobody), DnsBudgetSpent(nobody)):
            self.assertEqual(self.first(record, error, Kind.PTR), "fail")


class ExplanationTests(SynchronousTestCase):
    """What a domain says of a fail."""

    def explain(self, text: str, sender: str = "joe@example.com") -> str:
        zone = {SENDER: "TXT v=spf1 -all exp=e.example.com", "e.example.com": f"TXT {text}"}
        return check(zone, sender=sender).explanation

    def test_macros(self) -> None:
        """All of them are there."""
        self.assertEqual(
            self.explain("%{s} %{c} %{r} %{t} %{h} %{v} %{p}"),
            "joe@example.com 192.0.2.1 unknown 1 mx.example.com in-addr unknown",
        )

    def test_hostile(self) -> None:
        """No control characters get out, and not too many others."""
        self.assertEqual(self.explain("%{l}", sender="a\r\nX: y@example.com"), "a??X: y")
        self.assertEqual(len(self.explain("%{s}" * 500)), MAX_EXPLANATION + 3)
        for text in ("a\rb", "%{z}", "100%", "caf\u00e9"):
            self.assertEqual(self.explain(text), "", text)

    def test_setting(self) -> None:
        """It is not asked for if nobody wants it, nor if it is no fail."""
        zone = {SENDER: "TXT v=spf1 -all exp=e.example.com", "e.example.com": "TXT x"}
        self.assertEqual(check(zone, limits=Limits(has_explanation=False)).explanation, "")
        zone[SENDER] = "TXT v=spf1 ~all exp=e.example.com"
        self.assertEqual(check(zone).explanation, "")
