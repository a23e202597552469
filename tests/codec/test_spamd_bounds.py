"""What a line request can make the filter keep."""

import random
import tracemalloc
import zlib

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.spamd import MAX_HEAD, MAX_LINE, LineCodec, ProtocolError, Request
from mailfilter.codec.spamd_body import MAX_TOP

from .test_spamd import EXIM, read, request


class BoundTests(SynchronousTestCase):
    def test_octets_of_all_lines(self) -> None:
        """Few lines, but long ones: they are kept, so there is an end to them."""
        line = b"Rcpt: ".ljust(MAX_LINE - 2, b"x")
        lines = [line] * (MAX_HEAD // len(line))
        (event,) = read(request(b"CHECK RSPAMC/1.3", b"", *lines))
        assert isinstance(event, Request)
        (event,) = read(request(b"CHECK RSPAMC/1.3", b"", *lines, line))
        self.assertEqual(event, ProtocolError("(too many headers)", is_rspamc=True))

    def test_at_the_limit_behind_what_an_mbox_adds(self) -> None:
        """That is not of the message, and its octets are not counted."""
        limit = 2 * MAX_TOP
        body = b"A: 1\n\n".ljust(limit, b"x")
        (event,) = read(request(b"CHECK RSPAMC/1.3", EXIM + body), limit=limit)
        assert isinstance(event, Request)
        self.assertEqual((event.content.preface, event.content.raw), (EXIM, body))
        (event,) = read(request(b"CHECK RSPAMC/1.3", EXIM + body + b"x"), limit=limit)
        assert isinstance(event, Request)
        self.assertIsNone(event.content.raw)

    def test_memory(self) -> None:
        """Of a message that is too large no more is kept than where its header may be."""
        limit = 8 * MAX_TOP
        noise = random.Random(1).randbytes(MAX_TOP)
        packed = zlib.compress(noise * 11)
        for octets, peak in (
            # With more than an mbox could add.
            (request(b"CHECK SPAMC/1.5", noise * 26), limit // 2),
            (request(b"CHECK SPAMC/1.5", b"From ".ljust(26 * MAX_TOP, b"x")), limit // 2),
            # How large it is nobody knows before it is unpacked.
            (request(b"CHECK SPAMC/1.5", packed, b"Compress: zlib"), 2 * limit),
        ):
            codec = LineCodec(limit)
            tracemalloc.start()
            self.addCleanup(tracemalloc.stop)
            for at in range(0, len(octets) - 1, 2**16):
                self.assertEqual(codec.receive(octets[at : min(at + 2**16, len(octets) - 1)]), [])
            kept, most = tracemalloc.get_traced_memory()
            self.assertLess(kept, 2 * MAX_TOP)
            self.assertLess(most, peak)
            tracemalloc.stop()
            (event,) = codec.receive(octets[-1:])
            assert isinstance(event, Request)
            self.assertIsNone(event.content.raw)
