"""The web interface that comes with Debian's rspamd, put together from the packages it needs."""

import functools
import shutil
from pathlib import Path

from . import peers
from .processes import private_directory

SHARE = peers.DEBIAN / "usr/share"
WWW = SHARE / "rspamd/www"
_GLYPHICONS = "glyphicons-halflings-regular"
LINKED = {
    "js/lib/jquery.min.js": "javascript/jquery/jquery.min.js",
    "js/lib/bootstrap.bundle.min.js": "javascript/bootstrap4/js/bootstrap.bundle.min.js",
    "js/lib/require.min.js": "javascript/requirejs/require.min.js",
    "css/bootstrap.min.css": "javascript/bootstrap4/css/bootstrap.min.css",
    **{
        f"fonts/{_GLYPHICONS}.{kind}": f"fonts-glyphicons/{_GLYPHICONS}.{kind}"
        for kind in ("eot", "svg", "ttf", "woff", "woff2")
    },
}
"""What is linked into it when it is installed -> where that is below /usr/share."""


def why_missing() -> str:
    """Why it cannot be had, or an empty string if it can."""
    missing = [name for name in LINKED.values() if not (SHARE / name).exists()]
    if not (WWW / "index.html").exists():
        missing.insert(0, "rspamd/www/index.html")
    return f"no {missing[0]} in {SHARE}" if missing else ""


@functools.cache
def folder() -> Path:
    """A copy with links, as it is when it is installed; it is removed when we exit."""
    copy = private_directory() / "www"
    shutil.copytree(WWW, copy)
    for name, source in LINKED.items():
        target = copy / name
        target.parent.mkdir(exist_ok=True)
        target.symlink_to(SHARE / source)
    return copy
