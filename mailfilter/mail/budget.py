"""What is left of the caps that all pieces of one message share."""

from . import detect
from .archive import ArchiveBudget
from .html_budget import HtmlBudget
from .limits import Limits


class Budget:
    """Counters that go down while a message is worked out.

    Each part or field may ask for work that is cheap once and dear a thousand times.
    """

    __slots__ = (
        "_field_octets",
        "_text_octets",
        "archives",
        "html",
        "parameter_words",
        "parameters",
        "uuencoded",
    )

    def __init__(self, limits: Limits) -> None:
        self.parameters = limits.total_parameters
        """Parameters of Content-* fields that may be read."""
        self.parameter_words = limits.encoded_words
        """Encoded words in parameters that may be decoded."""
        self.uuencoded = limits.uuencoded_lines
        """Lines of uuencoded bodies that may be decoded."""
        self.html = HtmlBudget(limits.html_total, limits.html_tags)
        """What may be read of HTML parts."""
        self.archives = ArchiveBudget()
        """What may be read of archives."""
        self._field_octets = self._text_octets = limits.detected

    def guess_field(self, data: bytes) -> str:
        """Name of the likely charset of a field, or of a piece of it."""
        if self._field_octets <= 0:
            return detect.FALLBACK
        self._field_octets -= detect.cost(data)
        return detect.guess(data)

    def guess_text(self, data: bytes) -> str:
        """Name of the likely charset of a body. Has a count of its own: no field can use it up."""
        if self._text_octets <= 0:
            return detect.FALLBACK
        self._text_octets -= detect.cost(data)
        return detect.guess(data)
