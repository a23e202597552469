"""Accounts of daemons as authors."""

from mailfilter.checks.service_account import MAX_ADDRESSES, ServiceAccount

from .header_case import HeaderCase, envelope

OTHER = "From: Ann <ann@shop.example>"


class ServiceAccountTests(HeaderCase):
    check = ServiceAccount

    def test_symbols(self) -> None:
        self.compare(
            {
                "FROM_SERVICE_ACCT": (
                    [
                        "From: WWW-Data <www-data@shop.example>",
                        f"{OTHER}\nSender: apache@shop.example",
                        f"{OTHER}\nReply-To: b@c.example, nobody@shop.example",
                    ],
                    [
                        OTHER,
                        "From: www-data <ann@shop.example>",
                        "From: nobody",
                        "From: www@",
                        "To: nobody@shop.example",
                        "From: webb@shop.example",
                    ],
                ),
                "ENVFROM_SERVICE_ACCT": (
                    [(OTHER, envelope("Apache@web1.example"))],
                    [
                        (OTHER, envelope("ann@apache")),
                        (OTHER, envelope("")),
                        (OTHER, envelope("ann@web1.example", "www-data@web1.example")),
                        "From: apache@web1.example",
                    ],
                ),
                "WWW_DOT_DOMAIN": (
                    ["From: a@WWW.shop.example", (OTHER, envelope("a@www.shop.example"))],
                    [OTHER, "From: www.shop@shop.example", "From: a@wwwshop.example"],
                ),
            }
        )

    def test_many(self) -> None:
        """There is an end to those that are looked at."""
        some = ", ".join(f"a{number}@b.example" for number in range(MAX_ADDRESSES))
        self.assertEqual(self.found(f"From: {some}, nobody@b.example"), {})
