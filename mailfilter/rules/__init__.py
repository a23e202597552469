"""Rules: what an expression or a few lines of Python look for in a message."""

from .python import rule

__all__ = ["rule"]
