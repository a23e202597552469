"""HTTPCrypt for the client: requests sealed for a server's key, and its answers opened.

Imported with `--key` alone: what it needs takes long to load.

Sources: httpcrypt.md 5 to 8.
"""

import os
import re
import stat
from functools import lru_cache

from ...codec.http_client import (
    MAX_HEAD,
    Answer,
    AnswerError,
    AnswerReader,
    HttpRequest,
    render_head,
)
from ...codec.httpcrypt import (
    OVERHEAD,
    SEALED_TYPE,
    HttpCryptError,
    Keypair,
    SharedKey,
    key_header,
    read_public_key,
    shared_key,
)
from ...codec.httpcrypt_text import MAX_TEXT, KeypairError, read_keypair
from ...syntax import NOT_PRINTABLE
from .exchange import Misused
from .options import Options

_TARGET = "/post"
"""What all requests ask for, as far as one can see."""
_STRANGE = "it does not know that key, or does not speak HTTPCrypt"
_AT_ONCE = 2**16
"""Octets of an opened answer that are read at a time."""
_MAX_REASON = 100
"""Characters of what a server says in clear."""

_BLANK_LINE = re.compile(rb"\n\r?\n")
_LINE_END = re.compile(rb"\r?\n")


def seal(
    request: HttpRequest, host: str, options: Options, max_body: int
) -> tuple[HttpRequest, "SealedReader"]:
    """The request to send in place of another, and what reads the answer to it.

    `host` is as for `render_head`; `max_body` bounds the octets of the body that is sealed in the
    answer. Raises Misused for keys that cannot be used; ValueError as `render_head`.
    """
    server = read_key(options.key)
    pair = _read_pair(options.keypair) if options.keypair else Keypair.new()
    shared = _shared(pair, server)
    plain = b"".join((render_head(request, host), request.body))
    headers = (("Content-Type", SEALED_TYPE), ("Key", key_header(server, pair.public)))
    sealed = HttpRequest("POST", _TARGET, headers, shared.seal(plain))
    return sealed, SealedReader(shared, max_body)


@lru_cache(maxsize=1)
def read_key(text: str) -> bytes:
    """The public key of a server. Raises Misused."""
    try:
        return read_public_key(text)
    except ValueError as error:
        raise Misused(f"--key: it {error}; expected the public key of the server") from None


@lru_cache(maxsize=1)
def _read_pair(path: str) -> Keypair:
    try:
        with open(path, "rb", opener=_open_at_once) as file:
            if trouble := _unfit(os.fstat(file.fileno()).st_mode):
                raise Misused(f"--keypair: {trouble}")
            return read_keypair(file.read(MAX_TEXT + 1))
    except KeypairError as error:
        raise Misused(f"--keypair: {error}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Misused(f"--keypair: cannot read the file: {reason}") from None


def _open_at_once(path: str, flags: int) -> int:
    # A pipe to which nobody writes would not even open.
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)


def _unfit(mode: int) -> str:
    """Why a keypair is not read from such a file; empty if it is."""
    if not stat.S_ISREG(mode):
        return "expected a regular file"
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        return "others can read or change the file; expected chmod o-rw"
    return ""


def _shared(pair: Keypair, server: bytes) -> SharedKey:
    try:
        return shared_key(pair, server)
    except HttpCryptError as error:
        raise Misused(f"--key: {error}") from None


class SealedReader:
    """Reads an answer that is sealed in the body of another, whatever the other one says.

    Otherwise like `AnswerReader`.
    """

    def __init__(self, shared: SharedKey, max_body: int) -> None:
        self._shared = shared
        self._outside = AnswerReader(max_body + MAX_HEAD + OVERHEAD)
        self._inside = AnswerReader(max_body)

    @property
    def done(self) -> bool:
        """The answer is complete."""
        return self._inside.done

    @property
    def answer(self) -> Answer:
        """The one that was sealed; complete."""
        return self._inside.answer

    @property
    def has_begun(self) -> bool:
        """Anything came."""
        return self._outside.has_begun

    @property
    def progress(self) -> str:
        """How much came, for people."""
        return self._outside.progress

    def feed(self, data: bytes) -> None:
        """Read on; raises AnswerError."""
        self._outside.feed(data)
        if self._outside.done and not self.done:
            self._open()

    def end(self) -> None:
        """The connection has ended; raises AnswerError if that is early."""
        if not self.has_begun:
            # So Rspamd treats whoever has another key.
            raise AnswerError(f"it ended the connection without an answer; perhaps {_STRANGE}")
        self._outside.end()
        if not self.done:
            self._open()

    def _open(self) -> None:
        answer = self._outside.answer
        try:
            plain = self._shared.unseal(answer.body)
        except HttpCryptError as error:
            if answer.status == 200 and answer.header("content-type") == SEALED_TYPE:
                raise AnswerError(f"its answer cannot be opened: {error}") from None
            said = NOT_PRINTABLE.sub("?", f"{answer.status} {answer.reason[:_MAX_REASON]}".strip())
            raise AnswerError(f"its answer is in clear ({said}): {_STRANGE}") from None
        try:
            self._read(plain)
        except AnswerError as error:
            # Not as NotHttp: what it begins with is another one's business.
            raise AnswerError(f"in what it sealed, {error}") from None

    def _read(self, plain: bytes) -> None:
        found = _BLANK_LINE.search(plain, 0, MAX_HEAD)
        size = found.end() if found else len(plain[:MAX_HEAD])
        # Lines may end in LF alone there (httpcrypt.md 6).
        self._inside.feed(_LINE_END.sub(b"\r\n", plain[:size]))
        for at in range(size, len(plain), _AT_ONCE):
            self._inside.feed(plain[at : at + _AT_ONCE])
        if not self._inside.done:
            self._end_inside()

    def _end_inside(self) -> None:
        progress = self._inside.progress
        try:
            self._inside.end()
        except AnswerError:
            raise AnswerError(f"the answer ends early: {progress} came") from None
