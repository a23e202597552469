"""The configuration: typed values, where each came from, and everything that is wrong with it."""

from .load import Loaded, load
from .model import Config
from .paths import default_path, find_state_dir
from .problem import ConfigError, Origin, Problem
from .units import format_duration, format_size, parse_duration, parse_size

__all__ = [
    "Config",
    "ConfigError",
    "Loaded",
    "Origin",
    "Problem",
    "default_path",
    "find_state_dir",
    "format_duration",
    "format_size",
    "load",
    "parse_duration",
    "parse_size",
]
