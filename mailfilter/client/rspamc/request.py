"""The requests of `mailfilterc`: the same as those of rspamc, header by header.

Sources: lda-client.md 5.1, http-scan.md 1.4 and 1.10.
"""

from collections.abc import Iterator, Sequence

from ...codec.http_client import HttpRequest
from .commands import SYMBOLS, Command
from .exchange import Item
from .options import Options

Headers = Sequence[tuple[str, str]]


def make_request(
    command: Command, options: Options, item: Item, arguments: Sequence[str] = ()
) -> HttpRequest:
    """What to ask for one item; `arguments` are the class of learn_class, or hashes.

    Raises Misused for a dictionary or settings that cannot be used.
    """
    if options.is_v3 and command is SYMBOLS:
        from .request_v3 import make_request_v3

        return make_request_v3(options, item)
    body, kind = _body(options, item)
    headers = (*_common(options, item), *kind, *_details(command, options, arguments))
    return HttpRequest("POST" if body else "GET", command.path, headers, body)


def _body(options: Options, item: Item) -> tuple[bytes, Headers]:
    """Octets to send, and the headers that say what they are."""
    if not item.octets:
        return b"", ()
    if not options.is_compressed:
        return item.octets, (("Content-Type", "text/plain"),)
    from .packing import pack

    packed = pack(item.octets, options.dictionary)
    headers = [("Content-Type", "application/x-compressed"), ("Compression", "zstd")]
    if packed.dictionary is not None:
        headers.append(("Dictionary", str(packed.dictionary)))
    return packed.octets, headers


def _common(options: Options, item: Item) -> Iterator[tuple[str, str]]:
    yield "User-Agent", options.user_agent
    yield "Filename", item.name
    if options.password is not None:
        yield "Password", options.password
    if options.is_msgpack:
        yield "Accept", "application/msgpack"


def _details(
    command: Command, options: Options, arguments: Sequence[str]
) -> Iterator[tuple[str, str]]:
    yield "Flags", ",".join(flags(options))
    yield from _envelope(options)
    yield from _learning(options)
    if options.is_raw_input:
        yield "Raw", "yes"
    if options.extended_urls:
        yield "URL-Format", "extended"
    if options.settings:
        yield "Settings", options.settings
    if command.argument:
        yield from ((command.argument, value) for value in arguments)
    yield from options.headers


def flags(options: Options) -> Iterator[str]:
    """Values of Flags that say how to scan and answer."""
    if options.pass_all:
        yield "pass_all"
    if options.is_profiled:
        yield "profile"
    yield "body_block"


def _envelope(options: Options) -> Iterator[tuple[str, str]]:
    if options.sender is not None:
        yield "From", options.sender
    yield from (("Rcpt", recipient) for recipient in options.recipients)
    named = (
        ("Ip", options.ip),
        ("User", options.user),
        ("Deliver-To", options.deliver),
        ("Helo", options.helo),
        ("Hostname", options.hostname),
        ("Queue-Id", options.queue_id),
        ("Log-Tag", options.log_tag),
    )
    yield from ((name, value) for name, value in named if value)


def _learning(options: Options) -> Iterator[tuple[str, str]]:
    if options.classifier:
        yield "Classifier", options.classifier
    if options.weight is not None:
        yield "Weight", str(options.weight)
    if options.flag is not None:
        yield "Flag", str(options.flag)
    if options.fuzzy_symbol:
        yield "Symbol", options.fuzzy_symbol
    if options.skip_images:
        yield "Skip-Images", "true"
    if options.skip_attachments:
        yield "Skip-Attachments", "true"
