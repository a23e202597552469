"""What a request is refused with."""

from ..codec.http_body import Refused as BadRequest
from ..codec.http_query import CONTROL

__all__ = ("CONTROL", "BadRequest")
