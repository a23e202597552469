"""What goes wrong with certificates and TLS."""


class TlsError(Exception):
    """The text says what is wrong, for people."""
