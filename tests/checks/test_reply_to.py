"""Where answers go."""

from dataclasses import replace

from mailfilter.checks.reply_to import ReplyTo

from .header_case import HeaderCase, envelope


class ReplyToTests(HeaderCase):
    check = ReplyTo

    def test_symbols(self) -> None:
        ann = "From: Ann <ann@example.com>\nTo: bob@example.org\n"
        copy = ann + "Reply-To:  Ann\n <ann@example.com>"
        same = ann + "Reply-To: Ann <Ann@example.com>"
        plain = ann + "Reply-To: ann@example.com"
        near = ann + "Reply-To: help@mail.example.com"
        away = ann + "Reply-To: Help <x@example.net>"
        to = ann + "Reply-To: Bob@example.org"
        spoof = "From: boss@mine.example\nReply-To: a@evil.example"
        told = envelope("x@example.net", "bob@mine.example")
        bob = envelope("x@example.net", "c@d.example", "BOB@example.org")
        via = (
            "List-Id: <users.lists.example>\nFrom: Ann via Users <users@lists.example>\n"
            "Reply-To: Ann <ann@example.com>"
        )
        unsaid = via.replace("List-Id", "X-Id")
        quoted = via.replace("Ann via Users", "\"'Ann' via Users\"")
        self.compare(
            {
                "HAS_REPLYTO": ([same, away, "Reply-To:"], [ann]),
                "REPLYTO_ADDR_EQ_FROM": (
                    [same, plain],
                    [copy, (away, envelope("x@example.net")), near],
                ),
                "REPLYTO_DN_EQ_FROM_DN": ([copy, same], [near, away, plain, ann]),
                "REPLYTO_DOM_EQ_FROM_DOM": (
                    [near, ann + "Reply-To: Eve@example.com"],
                    [copy, same, away, to, ann],
                ),
                "REPLYTO_DOM_EQ_TO_DOM": ([to], [same, away, to + "\nTo: c@d.example"]),
                "REPLYTO_DOM_NEQ_FROM_DOM": ([away, to], [copy, same, near, ann]),
                "REPLYTO_DOM_NEQ_TO_DOM": ([same, away], [to, ann]),
                "REPLYTO_EMAIL_HAS_TITLE": (
                    [ann + "Reply-To: Mrs Eve <a@b.example>"],
                    [same, ann + "Reply-To: Mrsic <a@b.example>"],
                ),
                "REPLYTO_EQ_FROM": ([copy], [same, plain, near, away, to]),
                "REPLYTO_EQ_TO_ADDR": (
                    [(to, bob), (to + "\nSender: x@example.com", bob)],
                    [
                        (to + "\nIn-Reply-To: <1@example.com>", bob),
                        (to + "\nReferences: <1@example.com>", bob),
                        (to + "\nSender: owner-bob@lists.example.org", bob),
                        (same, bob),
                        (away, bob),
                        (to + "\nList-Id: <x.example>", bob),
                        (to + "\nTo: c@d.example", bob),
                        (
                            "From: Bob@example.org\nTo: bob@example.org\nReply-To: bob@example.org",
                            bob,
                        ),
                        # Who reads it is not told, or is somebody else: To may be a list.
                        (to, envelope()),
                        (to, envelope("x@example.net", "subscriber@example.org")),
                    ],
                ),
                "REPLYTO_VIA_LIST": (
                    [
                        via,
                        quoted,
                        via + ", Ann <ann@example.com>",
                        unsaid + "\nTo: a@b.example\nCc: Users@lists.example",
                    ],
                    [
                        unsaid,
                        unsaid + "\nTo: other@lists.example",
                        via.replace(" via ", " of "),
                        via.replace("Reply-To: Ann", "Reply-To: Eve"),
                        same + "\nList-Id: <users.lists.example>",
                    ],
                ),
                "SPOOF_REPLYTO": (
                    [(spoof, told)],
                    [
                        spoof,
                        (away, told),
                        (spoof, replace(told, user="boss")),
                        (spoof + "\nList-Id: <x.example>", told),
                        ("From: a@mine.example\nReply-To: b@x.mine.example", told),
                    ],
                ),
            }
        )

    def test_option(self) -> None:
        self.assertEqual(self.found("Reply-To: A@b.example"), {"HAS_REPLYTO": ("a@b.example",)})
