"""Lists of networks, names and patterns that checks look things up in."""

from .found import Found, Sought
from .maps import Map, Maps, UnknownMapError
from .parse import MapError
from .table import Table, read_table

__all__ = ["Found", "Map", "MapError", "Maps", "Sought", "Table", "UnknownMapError", "read_table"]
