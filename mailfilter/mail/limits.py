"""How much of a message is looked at."""

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps on what one message may cost. What lies behind a cap stays opaque and is flagged.

    Sizes are octets. The defaults keep every single step below 50 ms on a slow core, and the
    memory of a parsed message below four times its size plus 16 MiB.
    """

    depth: int = 64
    """Levels of multipart and message/rfc822 together. Mail that people read has below ten; a
    bounce of a forwarded bounce has about twenty."""
    parts: int = 1024
    """Parts of a message. A long mailing list digest has some hundred."""
    boundary_lines: int = 16384
    """Lines that begin like a boundary, of all multiparts: each costs some Python."""
    boundaries: int = 3
    """Readings of one boundary parameter that are looked for. Honest mail has one, or two when
    the boundary has a space in it."""
    scans: int = 6
    """How many times the message (and two MiB) may be searched for boundaries. Each multipart
    around a large attachment searches it once: two for each bounce around it. Ten MiB take
    about 20 ms."""
    second_readings: int = 16
    """Places of a message that are read a second way. Honest mail has none."""
    block_headers: int = 2048
    """Fields of one header block. MTAs stop at some hundred hops, of a few fields each."""
    total_headers: int = 16384
    """Fields of all blocks: 16 for each of the parts."""
    header_bytes: int = 1 * MIB
    """Fields that begin this far into their block are not listed. Postfix allows 100 KiB."""
    header_value: int = 64 * KIB
    """Octets of one field that are unfolded, decoded, parsed. 1024 addresses fit in it."""
    encoded_words: int = 1024
    """RFC 2047 words decoded in one field, and in all parameters of Content-* fields: more than
    `header_value` holds in honest mail."""
    parameters: int = 256
    """Parameters (and RFC 2231 pieces) of one Content-* field."""
    total_parameters: int = 8192
    """Parameters of all Content-* fields: 8 for each of the parts. 128 octets count as one."""
    detected: int = 24 * KIB
    """Octets given to charset detection, for bodies and for fields each: 12 bodies, or 500
    fields of 30 characters. It takes about half a microsecond for each octet, at worst 3."""
    addresses: int = 1024
    """Addresses of one kind (From, To, ...). Big providers allow 500 recipients."""
    address_tokens: int = 12 * KIB
    """Words and signs of the addresses of one kind that are written in no ordinary way, comments
    included: 12 for each address. Each costs a microsecond or two."""
    received: int = 128
    """Hops. MTAs take more than 50 to 100 for a loop."""
    received_bytes: int = 4 * KIB
    """Octets of one Received field that are parsed; real ones are below 1 KiB."""
    decoded_part: int = 8 * MIB
    """Octets of one part after transfer decoding: about 25 ms of base64."""
    uuencoded_lines: int = 32768
    """Lines of all uuencoded bodies that are decoded, about 1.4 MiB: it is done line by line."""
    text_part: int = 512 * KIB
    """Octets of one text part that are decoded to characters."""
    text_total: int = 2 * MIB
    """Octets of all text parts, given out in the order of the parts."""
    html_total: int = 512 * KIB
    """Characters of all HTML parts whose elements are read, given out as parts are asked for."""
    html_tags: int = 10_240
    """Tags of all HTML parts, start and end, given out in the same way; each costs about a
    microsecond. Large newsletters have some thousand."""
    anomalies: int = 256
    """Anomalies kept, at most 16 of one kind."""
