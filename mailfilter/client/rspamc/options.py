"""What the command line of `mailfilterc` said (lda-client.md 5.2), checked and typed."""

from dataclasses import dataclass
from typing import Literal

Output = Literal["human", "json", "compact", "raw", "ucl"]
"""How replies are printed: `raw` is the reply as it came."""

OnError = Literal["pass", "tempfail"]
"""What becomes of a message that could not be scanned in LDA mode."""

DEFAULT_TIMEOUT = 10.0
"""Seconds for one request, from connecting to the last octet of its answer."""

DEFAULT_PARALLEL = 8
"""Requests at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """How a server is known that is spoken to over TLS; files are PEM."""

    authorities: str = ""
    """File of certificates to trust in place of those of the system."""
    revoked: str = ""
    """File of revocation lists."""
    pins: tuple[str, ...] = ()
    """SHA-256 of certificates or public keys, hexadecimal; if any, one must be the server's."""
    certificate: str = ""
    """Our own certificate with its chain; empty to show none."""
    key: str = ""
    """Its key; empty if it is in the same file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Everything but the command and the files."""

    # Where to.
    connect: str = "localhost"
    is_tls: bool = False
    trust: Trust = Trust()
    key: str = ""
    """Public key of the server, as text, for which requests are sealed; empty for none."""
    keypair: str = ""
    """File with our own; empty for a new one each time."""
    bind: str = ""
    timeout: float = DEFAULT_TIMEOUT
    password: str | None = None
    """As it is sent; None sends none."""
    user_agent: str = "rspamc"
    is_verbose: bool = False

    # The envelope and what is asked.
    ip: str = ""
    user: str = ""
    deliver: str = ""
    sender: str | None = None
    """None if it was not given: an empty one is that of a bounce."""
    recipients: tuple[str, ...] = ()
    helo: str = ""
    hostname: str = ""
    queue_id: str = ""
    log_tag: str = ""
    settings: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    metadata_headers: tuple[tuple[str, str], ...] = ()
    pass_all: bool = False
    is_raw_input: bool = False
    extended_urls: bool = False
    is_profiled: bool = False
    is_compressed: bool = False
    dictionary: str = ""
    is_v3: bool = False
    is_msgpack: bool = False
    with_body: bool = False
    """--output-body."""

    # Learning.
    classifier: str = ""
    weight: int | None = None
    """None leaves it to the server."""
    flag: int | None = None
    """None leaves it to the server."""
    fuzzy_symbol: str = ""
    skip_images: bool = False
    skip_attachments: bool = False

    # What goes in.
    parallel: int = DEFAULT_PARALLEL
    files_list: str = ""
    exclude: tuple[str, ...] = ()
    takes_nothing: bool = False
    """--empty: without files, an empty message instead of standard input."""
    resumes: bool = False

    # What comes out.
    output: Output = "human"
    is_human: bool = False
    """A report for people, wherever it goes."""
    shows_headers: bool = False
    sort: str = ""
    is_traced: bool = False

    # LDA mode.
    is_mime: bool = False
    execute: str = ""
    on_error: OnError = "pass"
    keeps_marks: bool = False
    """Whether X-Spam fields that the message came with stay."""

    @property
    def is_lda(self) -> bool:
        """Whether the message itself is put out, or handed to a command."""
        return self.is_mime or bool(self.execute)
