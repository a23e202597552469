"""Vectors of HTTPCrypt: made with fixed keys and nonces, and captures of real programs.

All binary values are hexadecimal digits. `real` says which program of Rspamd 3.4 has made one, or
what it made of it (httpcrypt.md). What else was tried at it, without octets that could be kept, is
in `test_httpcrypt_observed`.
"""

import json
from pathlib import Path
from typing import Any

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "data/httpcrypt/vectors.json").read_text()
)
