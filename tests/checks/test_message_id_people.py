"""People in Message-ID."""

from mailfilter.checks.message_id_people import MessageIdPeople

from .header_case import HeaderCase


class MessageIdPeopleTests(HeaderCase):
    check = MessageIdPeople

    def test_symbols(self) -> None:
        people = "From: Ann@example.com\nTo: bob@example.org\nMessage-ID: "
        own, near = people + "<1@Example.com>", people + "<1@mail.example.com>"
        to, far = people + "<1@example.org>", people + "<1@example.net>"
        alike = people + "<1@ann>"
        myself = "From: a@b.example\nTo: a@b.example\nMessage-ID: <1-a@b.example@x>"
        none = [people + "<1>", people, "Message-ID: <1@example.com>", "X: y"]
        self.compare(
            {
                "MID_RHS_MATCH_FROM": ([own], [near, to, far, *none]),
                "MID_RHS_MATCH_FROMTLD": ([near], [own, to, far, *none]),
                "MID_RHS_MATCH_TO": (
                    [to],
                    [
                        own,
                        near,
                        far,
                        *none,
                        to + "\nList-Id: <x.y>",
                        "From: a@b.c\nTo: d@b.c\nMessage-ID: <1@b.c>",
                    ],
                ),
                "MID_CONTAINS_FROM": (
                    [people + "<1-ann@example.com-2@x>"],
                    [people + "<1-ann@example.com>", own, near, far, to],
                ),
                "MID_CONTAINS_TO": ([people + "<1-bob@example.org>"], [own, to, far, myself]),
                "MID_END_EQ_FROM_USER_PART": (
                    [alike, alike + "\nSubject: Re: x", alike + "\nReferences: <1@a.example>"],
                    [
                        own,
                        to,
                        *none,
                        alike + "\nSubject: Re: x\nReferences: <1@a.example>",
                        alike + "\nList-Id: <x.example>",
                    ],
                ),
            }
        )
