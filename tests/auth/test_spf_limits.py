"""Hostile records of SPF (row 26 of the hostile input), and random ones."""

import random
from collections.abc import Mapping

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.auth.spf_asking import MAX_STEPS
from mailfilter.auth.spf_values import Limits

from .spf_zone import check, lines_zone, make_zone

SENDER = "example.com"


class LimitTests(SynchronousTestCase):
    """Bounded, whatever records say."""

    def includes(self, count: int) -> dict[str, str]:
        zone = {f"{n}.example.com": f"TXT v=spf1 include:{n + 1}.example.com" for n in range(count)}
        zone[f"{count}.example.com"] = "TXT v=spf1 +all"
        return zone

    def test_lookups(self) -> None:
        """Ten, and as many as are allowed otherwise."""
        for count, limit, expected in (
            (10, 10, "pass"),
            (11, 10, "permerror"),
            (30, 30, "pass"),
            (31, 30, "permerror"),
            (1, 0, "permerror"),
            (40, 1000, "permerror"),
        ):
            found = check(self.includes(count), sender="a@0.example.com", limits=Limits(limit))
            self.assertEqual(found.result, expected, (count, limit))
            self.assertTrue(found.lookups <= limit)

    def test_loops(self) -> None:
        """End at once, with a few questions."""
        for zone in (
            {SENDER: f"TXT v=spf1 include:{SENDER}"},
            {SENDER: f"TXT v=spf1 redirect={SENDER}"},
            {SENDER: "TXT v=spf1 include:%{d}"},
            {
                SENDER: "TXT v=spf1 redirect=b.example.com",
                "b.example.com": "TXT v=spf1 mx include:%{o}",
            },
        ):
            asked = lines_zone(zone)
            found = check({}, zone=asked, limits=Limits(1000))
            self.assertEqual(found.result, "permerror")
            self.assertIn("leads back to itself", found.problem)
            self.assertTrue(len(asked.asked) <= 3)

    def test_twice(self) -> None:
        """The same record in two places is no loop."""
        zone = {
            SENDER: "TXT v=spf1 include:b.example.com include:b.example.com ?all",
            "b.example.com": "TXT v=spf1 -all",
        }
        self.assertEqual(check(zone).result, "neutral")

    def test_void(self) -> None:
        """Two names without records, or as many as are allowed."""
        record = "TXT v=spf1 a:a.x.com mx:b.x.com exists:c.x.com -all"
        for limit, expected in ((2, "permerror"), (3, "fail"), (0, "permerror")):
            found = check({SENDER: record}, limits=Limits(void=limit))
            self.assertEqual(found.result, expected, limit)

    def test_many_exchangers(self) -> None:
        """A hundred are too many, and none of them is asked."""
        zone = lines_zone(
            {SENDER: ["TXT v=spf1 mx -all", *[f"MX 1 h{n}.x.com" for n in range(100)]]}
        )
        self.assertEqual(check({}, zone=zone).result, "permerror")
        self.assertEqual(len(zone.asked), 2)

    def test_exchangers(self) -> None:
        """As many as are allowed, to the last of them."""
        hosts = [f"MX 1 h{n}.x.com" for n in range(10)]
        zone = {SENDER: ["TXT v=spf1 mx -all", *hosts], "h9.x.com": "A 192.0.2.1"}
        self.assertEqual(check(zone).result, "pass")
        zone[SENDER] = [*zone[SENDER], "MX 1 h10.x.com"]
        self.assertEqual(check(zone).result, "permerror")

    def test_redirects(self) -> None:
        """Are terms that ask."""
        zone = {SENDER: "TXT v=spf1 redirect=x.com", "x.com": "TXT v=spf1 +all"}
        self.assertEqual(check(zone, limits=Limits(1)).lookups, 1)
        self.assertEqual(check(zone, limits=Limits(0)).result, "permerror")

    def test_names_without_records(self) -> None:
        """A client without a name is one answer without records, however often it is meant."""
        zone = {SENDER: "TXT v=spf1 ptr ptr:x.com -all"}
        self.assertEqual(check(zone, limits=Limits(void=0)).result, "permerror")
        found = check(zone, limits=Limits(void=1))
        self.assertEqual((found.result, found.void), ("fail", 1))

    def test_alias_loops(self) -> None:
        """Fail in DNS, wherever they are met."""
        loop = {"a.x.com": "CNAME b.x.com", "b.x.com": "CNAME a.x.com"}
        for record in ("a:a.x.com", "mx:a.x.com", "exists:a.x.com", "include:a.x.com"):
            found = check({SENDER: f"TXT v=spf1 {record} +all", **loop})
            self.assertEqual(found.result, "temperror", record)
        self.assertEqual(check(loop, sender="joe@a.x.com").result, "temperror")
        names = {"1.2.0.192.in-addr.arpa": "PTR a.x.com", SENDER: "TXT v=spf1 ptr:x.com ?all"}
        self.assertEqual(check({**names, **loop}).result, "neutral")

    def test_strings(self) -> None:
        """A record of 450 characters is of several strings, cut anywhere."""
        text = "v=spf1 " + "ip4:198.51.100.1 " * 25 + "ip4:192.0.2.1 -all"
        self.assertEqual(len(text), 450)
        for size in (1, 7, 100, 255):
            strings = [text[at : at + size] for at in range(0, len(text), size)]
            zone = make_zone({SENDER: [{"TXT": strings}]})
            self.assertEqual(check({}, zone=zone).mechanism, "+ip4:192.0.2.1", size)

    def test_no_exchanger(self) -> None:
        """A domain that takes no mail has no such hosts."""
        zone = {SENDER: ["TXT v=spf1 mx -all", "MX 0 ."]}
        self.assertEqual(check(zone).result, "fail")

    def test_many_names(self) -> None:
        """Of a client with a hundred names ten are looked at, each once."""
        zone = lines_zone(
            {
                SENDER: "TXT v=spf1 ptr exists:%{p}.%{p}.x ptr -all",
                "1.2.0.192.in-addr.arpa": [f"PTR h{n}.{SENDER}" for n in range(100)],
            }
        )
        self.assertEqual(check({}, zone=zone).result, "fail")
        self.assertEqual(len(zone.asked), 1 + 1 + 10 + 1)

    def test_many_records(self) -> None:
        """Of a thousand TXT only those of SPF count."""
        noise = [f"TXT other={n}" for n in range(1000)]
        self.assertEqual(check({SENDER: [*noise, "TXT v=spf1 -all"]}).result, "fail")
        many = [f"TXT v=spf1 a:{n}.com -all" for n in range(1000)]
        self.assertEqual(check({SENDER: many}).problem, "1000 records of SPF")

    def test_large_records(self) -> None:
        """Are read up to a size; steps are kept up to a number."""
        self.assertEqual(check({SENDER: "TXT v=spf1 " + "?ip4:1.1.1.1 " * 600}).result, "neutral")
        self.assertEqual(check({SENDER: "TXT v=spf1 " + "-all " * 13000}).result, "permerror")
        record = "TXT v=spf1 " + "ip6::: " * 1100
        self.assertEqual(len(check({SENDER: record}).steps), 1)
        self.assertEqual(
            len(check({SENDER: record}, limits=Limits(has_terms=True)).steps), MAX_STEPS
        )

    def test_huge_macros(self) -> None:
        """Names stay names, results stay short."""
        for macro in ("%{d1r}", "%{d99999999999999999999r}", "%{s}", "%{i}", "%{H1R+-}"):
            text = macro * 300
            record = f"TXT v=spf1 exists:{text} -all"
            zone = lines_zone({SENDER: record})
            found = check({}, zone=zone, sender="l" * 9000 + "@" + SENDER, helo="h" * 9000)
            self.assertEqual(found.result, "fail", macro)
            self.assertTrue(all(len(question.name) <= 253 for question in zone.asked))
        found = check({SENDER: "TXT v=spf1 exists:" + "a" * 4000 + ".com"})
        self.assertTrue(len(found.mechanism + found.problem) < 500)

    def test_backslash(self) -> None:
        """Is itself, not an escape."""
        zone = lines_zone({SENDER: "TXT v=spf1 exists:%{l}.example.com -all"})
        check({}, zone=zone, sender="a\\046b\\@example.com")
        self.assertEqual(zone.asked[-1].name, "a\\\\046b\\\\.example.com")


WORDS = (
    *("all", "a", "mx", "ptr", "include:", "exists:", "ip4:", "ip6:", "redirect=", "exp=", "x="),
    *(
        "%{",
        "}",
        "%",
        "i",
        "r",
        "d2",
        "s",
        "l",
        "p",
        "h",
        "v",
        "C",
        "/24",
        "//64",
        "/",
        ":",
        "=",
        ".",
    ),
    *("example.com", "b.example.com", "192.0.2.1", "::1", "-", "+", "?", "~", " ", " ", " ", "\\"),
    *(" -all", " ~all", "\x00", "\xff", "9" * 20, "%{d}", "%{p}", "%{ir}.%{v}"),
)


class FuzzTests(SynchronousTestCase):
    """Random records, always the same ones."""

    def random_zone(self, rng: random.Random) -> Mapping[str, list[str]]:
        def record() -> str:
            return "TXT v=spf1 " + "".join(rng.choices(WORDS, k=rng.randrange(12)))

        return {
            SENDER: [record(), "A 192.0.2.9", "MX 1 b.example.com"],
            "b.example.com": [record(), "A 192.0.2.1"],
            "1.2.0.192.in-addr.arpa": ["PTR b.example.com"],
        }

    def test_fuzz(self) -> None:
        """Every one has a result, within the limits."""
        rng = random.Random(7208)
        seen = set()
        for _ in range(3000):
            zone = lines_zone(self.random_zone(rng))
            found = check(
                {}, zone=zone, sender=rng.choice(["a@example.com", "", "\xe9@b.example.com"])
            )
            seen.add(found.result)
            self.assertTrue(len(zone.asked) <= 130)
            self.assertTrue((found.mechanism + found.problem + found.explanation).isascii())
            self.assertTrue(found.lookups <= 10 and found.void <= 3)
        self.assertTrue(seen >= {"pass", "fail", "neutral", "permerror", "none"}, seen)
