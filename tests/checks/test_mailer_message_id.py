"""Message-IDs of mail programs, and of those that claim to be one."""

from mailfilter.checks.mailer_message_id import MailerMessageId

from .header_case import HeaderCase

UUID = "7f7f8fb1-0bb0-d453-e96c-8f8e40f7b3d7"
SERVERS = [
    "200207181905.g6IJ5XR27182",
    "20020926095250.365B13422D",
    "E17ytUl-0005ta-00",
    "1pJz1D-00000088c0G-1Abc",
    "20020809190859.63583.qmail",
    "1773773029.528750.1629939559989",
    "SJ0PR14MB4805D9719154CA931ED1F895DC8D9",
    "CH1PEPF0000A345.namprd04.prod.outlook.com",
    "MAILGATEa1b2c3d4e5f0000914f",
    "5f0a1c69.1c69fb81.abcde.1234",
    "5f0a1c69.1c69fb81.abcde.SMTPIN_ADDED_MISSING",
    f"0102018829e8733d-{UUID}-000000",
    "tencent_7477100F8A445C6CAFA8F13601A55134480A",
    "auto-000000251190",
    "hsmcb2$e4q$1",
    "LYRIS-2424157-1370323",
    "1031678328.10653.TMDA",
    UUID,
]
"""What servers put before the at sign."""

MOZILLA = ["3DA3CFAA.9EFC7FB7", "4BBB694F.8000405", "3D5CF74B.7", UUID]
FALSE_TIMES = ["90FADBA3.E95726DF", "C2C067AE.1670873", "036c08e33a5a$4647d6b4$3dd11ea5"]
UNKNOWN = ["2k4y6p378atw03oq0i8.2nko8g8jo41daf44", "a_b_c+d"]
OUTLOOK = [
    "001301c23359$d8208130$0100a8c0",
    "01d7ecc1$1909e0c0$4b1da240",
    "009801d7ecc1$1909e0c0$4b1da240$",
    "ILEHJNJFPDLMDEKNIAKCMEECCAAA.bob",
    "01BFA1B2.12345678.bob",
    "1461C6BDCC944495B722BD6BC4FFC8BD",
    "BAY110-DS169B20CF8BCA0A85EC138387120",
    "!&!AAAAAAAAAAAYAAAAAAAAANgZQ03M4XJF",
]
FALSE_HASHES = ["036c08e33a5a$4647d6b4$3dd11ea5", "000050cb29d1$000072ff$00007d7e"]


def field_of(mailer: str) -> str:
    """The field that a program gives its name in."""
    return "X-Mailer" if mailer.startswith(("The Bat!", "Microsoft", "Internet")) else "User-Agent"


def mails(mailer: str, lefts: list[str], field: str = "") -> list[str]:
    """Headers of a program, one for each Message-ID."""
    field = field or field_of(mailer)
    return [f"{field}: {mailer}\nMessage-ID: <{left}@a.example.org>" for left in lefts]


def others(mailer: str, own: list[str]) -> list[str]:
    """What is no lie of this program."""
    return [
        *mails(mailer, own),
        *mails(mailer, SERVERS),
        *mails("Our Mailer 1.0", UNKNOWN),
        f"{field_of(mailer)}: {mailer}",
        f"{field_of(mailer)}: {mailer}\nMessage-ID:",
    ]


class MailerMessageIdTests(HeaderCase):
    check = MailerMessageId

    def test_symbols(self) -> None:
        self.compare(
            {
                **_mozilla("Thunderbird 2.0.0.21 (Windows/20090302)", "THUNDERBIRD"),
                **_mozilla("Mozilla/5.0 (X11) Gecko/2010 SeaMonkey/2.0.4", "SEAMONKEY"),
                **_mozilla("Postbox/7.0.49", "POSTBOX"),
                **_mozilla("Mozilla 4.7 [en] (Win95; I)", "MOZILLA_MAIL"),
                **_one(
                    "FORGED_MUA_KMAIL_MSGID_UNKNOWN",
                    "KMail/1.13.3 (Linux/2.6.32)",
                    [
                        "201004261616.37357.bob",
                        "201005060852.37551",
                        "02081619580702.01597",
                        "5629384.abcDEF1234",
                    ],
                    ["e1955f2acc3814ceewlafycyavac6d4c3", "209913451616.37357.bob"],
                ),
                **_one(
                    "FORGED_MUA_OPERA_MSGID",
                    "Opera Mail/10.10 (Linux)",
                    ["op.vcz5enwgu2flwt", "opr6xqv7xyq5gmzr"],
                    ["3276972A.4DF6BE69", "ox.vcz5enwgu2flwt"],
                ),
                **_two(
                    "FORGED_MUA_THEBAT_MSGID",
                    "The Bat! (v1.52f) Business",
                    ["10770315074.20020909094137", "969536713.20020824234409"],
                    ["137333490.20422852939024", "036c08e33a5a$4647d6b4$3dd11ea5"],
                    ["R-7V694FYDJYQF2", "a_b"],
                ),
                **_one(
                    "FORGED_IMS",
                    "Internet Mail Service (5.5.2650.21)",
                    ["5EC2AD6D2314D14FB64BDA287D25D9EF12B510"],
                    ["001a30e88e3c$6187d3a2$0ee62da1", "063653437040507-x"],
                ),
                **_one(
                    "FORGED_MUA_OUTLOOK",
                    "Microsoft Outlook Express 6.00.2600.0000",
                    OUTLOOK,
                    [*FALSE_HASHES, "3dd11ea5$4647d6b4$0000aaaa", *UNKNOWN],
                ),
                "RATWARE_MS_HASH": (
                    [
                        *mails("Our Mailer 1.0", FALSE_HASHES),
                        f"Message-ID: <{FALSE_HASHES[0]}@>",
                        f"Message-ID: {FALSE_HASHES[0]}@a.example.org",
                    ],
                    [
                        *mails("Our Mailer 1.0", OUTLOOK),
                        *mails("Microsoft Outlook Express 6.00.2600.0000", FALSE_HASHES),
                        "Subject: x",
                    ],
                ),
            }
        )

    def test_browsers(self) -> None:
        browser = "Mozilla/5.0 (X11; Linux) AppleWebKit/537.36 Chrome/80.0 Safari/537.36"
        for case in mails(browser, UNKNOWN):
            self.assertEqual(self.found(case), {})

    def test_behind(self) -> None:
        """A comment behind Message-ID is none of it."""
        case = f"{mails('Thunderbird 2.0', MOZILLA)[0]} (added by a@b.example)"
        self.assertEqual(self.found(case), {})

    def test_x_mailer(self) -> None:
        cases = mails("Thunderbird 2.0.0.21", ["C2C067AE.1670873"], "X-Mailer")
        self.assertEqual(
            self.found(cases[0]), {"FORGED_MUA_THUNDERBIRD_MSGID": ("C2C067AE.1670873",)}
        )


Cases = dict[str, tuple[list[str], list[str]]]


def _one(symbol: str, mailer: str, own: list[str], false: list[str]) -> Cases:
    return {symbol: (mails(mailer, false), others(mailer, own))}


def _two(symbol: str, mailer: str, own: list[str], wrong: list[str], unknown: list[str]) -> Cases:
    rest = others(mailer, own)
    return {
        symbol: (mails(mailer, wrong), [*rest, *mails(mailer, unknown)]),
        f"{symbol}_UNKNOWN": (mails(mailer, unknown), [*rest, *mails(mailer, wrong)]),
    }


def _mozilla(mailer: str, name: str) -> Cases:
    return _two(f"FORGED_MUA_{name}_MSGID", mailer, MOZILLA, FALSE_TIMES, UNKNOWN[1:])
