"""Programs of local delivery for an ordinary user: they run from where they are unpacked."""

import functools
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from . import peers
from .processes import private_directory

USER = "news"
"""An existing user, in whose name mail is delivered."""
PATHS = {
    "/usr/bin/procmail": "procmail",
    "/usr/bin/maildrop": "maildrop",
    "maildirmake.maildrop": "maildirmake.maildrop",
}
"""How the page calls the programs."""

_LEFT_OUT = ("test", "site-packages", "config-*", "idlelib", "ensurepip", "lib2to3", "*.opt-?.pyc")


@functools.cache
def agents() -> Path:
    """A folder with those of `PATHS`, which may do no more than their caller."""
    folder = private_directory()
    (folder / "bin").mkdir()
    libraries = peers.environment()["LD_LIBRARY_PATH"]
    for name in PATHS.values():
        program = peers.find(name)
        assert program is not None
        # Without setuid and setgid, with which it would not find its libraries either.
        shutil.copyfile(program, folder / "bin" / name)
        (folder / "bin" / name).chmod(0o755)
        line = f'LD_LIBRARY_PATH={libraries} exec {folder}/bin/{name} "$@"'
        write_script(folder / name, line)
    return folder


def client(folder: Path) -> Path:
    """Write a `mailfilterc` that USER may run; it waits longer for a busy filter."""
    python = _python()
    line = f'exec {python} -m mailfilter.client.rspamc.main -t 60 "$@"'
    modules = f"{peers.CHECKOUT}:{sysconfig.get_path('purelib')}"
    environment = f"export PYTHONPATH={modules} LD_LIBRARY_PATH={python.parent.parent}/lib"
    return write_script(folder / "mailfilterc", f"{environment}\n{line}")


def write_script(path: Path, line: str) -> Path:
    """Write a shell script that anybody may run."""
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
    return path


@functools.cache
def _python() -> Path:
    """Ours, or a copy of it: one below /root nobody but root may run."""
    ours = Path(sys.executable)
    try:
        if subprocess.run([ours, "-c", ""], cwd="/", user=USER, check=False).returncode == 0:
            return ours
    except PermissionError:
        pass
    return _copy()


def _copy() -> Path:
    folder = private_directory()
    standard = Path(sysconfig.get_path("stdlib"))
    for name in ("bin", "lib"):
        (folder / name).mkdir()
    left_out = shutil.ignore_patterns(*_LEFT_OUT)
    shutil.copytree(standard, folder / "lib" / standard.name, ignore=left_out)
    shared = Path(*(str(sysconfig.get_config_var(name)) for name in ("LIBDIR", "INSTSONAME")))
    if shared.suffix != ".a" and shared.exists():
        shutil.copyfile(shared, folder / "lib" / shared.name)
    python = folder / "bin/python3"
    shutil.copyfile(os.path.realpath(sys.executable), python)
    python.chmod(0o755)
    return python
