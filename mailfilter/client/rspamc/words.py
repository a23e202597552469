"""Kinds of values on the command line, for click."""

import math
from typing import Any

import click

DAY = 86400.0
"""Seconds."""


class Whole(click.ParamType[int]):
    """A whole number as C writes it, which may be hexadecimal: flags of fuzzy storages are."""

    name = "integer"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """See `click.ParamType`."""
        if not isinstance(value, str):
            return value  # type: ignore[no-any-return]
        sign, digits = (-1, value[1:]) if value.startswith("-") else (1, value)
        base = 16 if digits[:2].lower() == "0x" else 10
        digits = digits[2:] if base == 16 else digits
        if not digits.isalnum() or not digits.isascii() or len(digits) > 20:
            self.fail(f"{value!r} is no whole number", param, ctx)
        try:
            number = sign * int(digits, base)
        except ValueError:
            self.fail(f"{value!r} is no whole number", param, ctx)
        if not -(2**31) <= number < 2**31:
            self.fail(f"{value!r} is outside of 32 bits", param, ctx)
        return number


class Seconds(click.ParamType[float]):
    """A time to wait; none, or less, is without limit for rspamc, and a day here."""

    name = "seconds"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """See `click.ParamType`."""
        try:
            seconds = float(value)
        except ValueError:
            self.fail(f"{value!r} is no number of seconds", param, ctx)
        if math.isnan(seconds):
            self.fail(f"{value!r} is no number of seconds", param, ctx)
        return min(seconds, DAY) if seconds > 0 else DAY


class Header(click.ParamType[tuple[str, str]]):
    """A header as `NAME=VALUE`, `NAME: VALUE`, or `NAME` for one that is empty."""

    name = "name=value"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """See `click.ParamType`."""
        from ...codec.http_client import HttpRequest, render_head

        at = min((at for mark in "=:" if (at := value.find(mark)) >= 0), default=len(value))
        header = (value[:at].strip(), value[at + 1 :].strip())
        try:
            render_head(HttpRequest("GET", "/", (header,)), "")
        except ValueError as error:
            self.fail(str(error), param, ctx)
        return header
