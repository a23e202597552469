"""Kinds of values on the command line, for click."""

import math
from typing import Any

import click


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
        if not digits.isalnum() or not digits.isascii():
            self.fail(f"{value!r} is no whole number", param, ctx)
        try:
            number = sign * int(digits[:20], base)
        except ValueError:
            self.fail(f"{value!r} is no whole number", param, ctx)
        if not -(2**31) <= number < 2**31:
            self.fail(f"{value!r} is outside of 32 bits", param, ctx)
        return number


class Seconds(click.ParamType[float]):
    """A time that can be waited for."""

    name = "seconds"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """See `click.ParamType`."""
        try:
            seconds = float(value)
        except ValueError:
            self.fail(f"{value!r} is no number of seconds", param, ctx)
        if not math.isfinite(seconds) or seconds <= 0:
            self.fail(f"{value!r} is no time to wait: it must be more than 0", param, ctx)
        return seconds


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
