"""A filter that learns: at its controller, and by lines at a listener of its own."""

import functools

from .harness import Filter
from .processes import free_port


class LearningFilter(Filter):
    """It learns by lines at the port `learns`, and not at the other listeners of lines."""

    def __init__(self) -> None:
        super().__init__(start=False)
        self.learns = free_port()
        self.configure(
            "[learning]\nenabled = true\n[listeners.learns]\nprotocol = 'spamd'\nlearns = true\n"
            f"endpoint = 'tcp:{self.learns}:interface=127.0.0.1'\n"
        )
        self.start()


@functools.cache
def learning_filter() -> LearningFilter:
    """The one that spamc teaches."""
    return LearningFilter()
