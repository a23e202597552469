"""`mailfilteradm password`: a hash for `controller.password` or `enable_password`."""

import sys

import click

from ..codec.password import MAX_PASSWORD, make_hash
from .options import fail


@click.command()
def password() -> None:
    """Print the hash of a password for the controller.

    It is for controller.password and controller.enable_password.

    The password is asked for; without a terminal it is the first line of standard input.
    """
    # What a shell would keep in its history is no argument.
    given = _asked() if sys.stdin.isatty() else _piped()
    if not given:
        fail("the password is empty")
    if len(given) > MAX_PASSWORD:
        fail(f"the password has {len(given)} octets; at most {MAX_PASSWORD} can be used")
    if not given.isascii():
        click.echo("note: not all browsers and scripts can send other letters than ASCII", err=True)
    click.echo(make_hash(given))


def _asked() -> bytes:
    text: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return text.encode("utf-8", "surrogateescape")


def _piped() -> bytes:
    return sys.stdin.buffer.readline(2 * MAX_PASSWORD).rstrip(b"\r\n")
