"""What all HTML parts of one message may cost together, about 50 ms at worst."""


class HtmlBudget:
    """Counters that go down while HTML is read; one below 0 says that something was left out.

    Honest mail stays far below: the largest of 3,000 HTML parts had 7,000 tags, 4,000 references.
    """

    __slots__ = ("attributes", "characters", "references", "repairs", "styles", "tags")

    def __init__(self, characters: int, tags: int) -> None:
        self.characters = characters
        self.tags = tags
        """Start and end tags."""
        self.attributes = 30_000
        """Attributes, but for those that are written like others before in the same part."""
        self.references = 30_000
        """Character references."""
        self.styles = 2000
        """Different elements of a part whose styles are looked at, each some microseconds."""
        self.repairs = 50_000
        """Open elements that are looked at because of ends that are left out or cross."""

    def is_spent(self) -> bool:
        """Whether something was left out."""
        return min(self.attributes, self.references, self.styles, self.repairs) < 0
