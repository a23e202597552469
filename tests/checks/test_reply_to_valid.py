"""Addresses for answers that are none."""

from mailfilter.checks.reply_to_valid import ReplyToValid

from .header_case import HeaderCase


class ReplyToValidTests(HeaderCase):
    check = ReplyToValid

    def test_symbols(self) -> None:
        good = ["Reply-To: A <a@b.example>", 'Reply-To: "a b"@c.example', "X: y"]
        longest = "c." * 128
        self.compare(
            {
                "REPLYTO_UNPARSEABLE": (["Reply-To:", "Reply-To: Ann", "Reply-To: <>"], good),
                "REPLYTO_INVALID": (
                    ["Reply-To: <ann>", "Reply-To: a@b..example", "Reply-To: a@b/c"],
                    [*good, "Reply-To: Ann"],
                ),
                "REPLYTO_LOCALPART_LONG": (
                    [f"Reply-To: {'a' * 65}@b.example", f"Reply-To: {'ü' * 33}@b.example"],
                    [*good, f"Reply-To: {'a' * 64}@b.example"],
                ),
                "REPLYTO_DOMAIN_LONG": (
                    [f"Reply-To: a@{longest}"[:-1] + "d"],
                    [*good, f"Reply-To: a@{longest[:-1]}"],
                ),
            }
        )
