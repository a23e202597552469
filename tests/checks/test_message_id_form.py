"""Forms of Message-ID."""

from mailfilter.checks.message_id_form import MessageIdForm

from .header_case import HeaderCase


class MessageIdFormTests(HeaderCase):
    check = MessageIdForm

    def test_symbols(self) -> None:
        def mid(text: str) -> str:
            return f"Message-Id: {text}"

        good = [mid("<1.a$b@c.example>"), mid("<1@c.example> (added by x)"), "X: y"]
        bare, literal, short = mid("<1@192.0.2.1>"), mid("<1@[192.0.2.1]>"), mid("<1@host>")
        on_list = "\nList-Id: <x.example>"
        hop = "Received: from Host (a.b.example [192.0.2.1]) by c.example\n"
        naked = mid("1@c.example")
        self.compare(
            {
                "INVALID_MSGID": (
                    [
                        naked,
                        *map(mid, ("", "<>", "<a>", "<a@>", "<@b>", "<a b@c>", "<a@b@c>", "<a@b")),
                    ],
                    [*good, bare, literal, short],
                ),
                "MID_MISSING_BRACKETS": ([naked, mid("<a@b.example")], [*good, mid(""), bare]),
                "MID_BARE_IP": ([bare], [*good, literal, short, mid("<1@192.0.2.1.example>")]),
                "MID_RHS_IP_LITERAL": (
                    [literal, mid("<1@[IPv6:2001:db8::1]>"), mid("<1@[::1]>")],
                    [*good, bare, short, literal + on_list],
                ),
                "MID_RHS_NOT_FQDN": (
                    [short, mid("<1@host.>")],
                    [*good, bare, literal, mid("<a>"), hop + short, short + on_list],
                ),
            }
        )

    def test_option(self) -> None:
        self.assertEqual(self.found("Message-ID: <1@host>"), {"MID_RHS_NOT_FQDN": ("host",)})
