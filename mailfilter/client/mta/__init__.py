"""`mailfilteradm mta`: what to put into the configuration of an MTA."""

from .command import mta

__all__ = ["mta"]
