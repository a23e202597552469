"""The password: as given, from a file, or asked for (lda-client.md 5.2)."""

import os

from .exchange import Misused

MAX_PASSWORD = 4096
"""Octets of a password, and of the first line of its file."""


def read_password(given: str, *, keeps_input: bool) -> str:
    """What was given on the command line, where that is not the name of a file.

    A name of a file begins with a slash or a dot; its first line is the password. With
    `keeps_input`, standard input is a message, and no password is read from it. Raises Misused.
    """
    if not given.startswith(("/", ".")):
        return given
    octets = _first_line(given, keeps_input)
    if not octets:
        raise Misused("--password: the file has no password in its first line")
    if len(octets) > MAX_PASSWORD:
        raise Misused(f"--password: the first line of the file is over {MAX_PASSWORD} octets")
    return octets.decode("utf-8", "surrogateescape")


def _first_line(path: str, keeps_input: bool) -> bytes:
    try:
        with open(path, "rb", buffering=0) as file:
            if keeps_input and _is_input(file.fileno()):
                raise Misused("--password: standard input is the message")
            octets = b""
            while b"\n" not in octets and len(octets) <= MAX_PASSWORD + 2:
                if not (piece := file.read(MAX_PASSWORD)):
                    break
                octets += piece
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Misused(f"--password: cannot read the file: {reason}") from None
    return octets.partition(b"\n")[0].removesuffix(b"\r")


def _is_input(descriptor: int) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.fstat(0))
    except OSError:
        return False


def ask_password() -> str:
    """Ask at the terminal, whatever standard input is. Raises Misused if there is none."""
    from getpass import getpass

    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        raise Misused("--password: there is no terminal to ask at") from None
    try:
        return getpass("Password: ")
    except EOFError:
        raise Misused("--password: none was typed") from None
