"""What a check has made of its options."""

from mailfilter.scan.check import Check


def settings_of(check: Check) -> dict[str, object]:
    """By their names in the check; those of which clients are ours among them."""
    found: dict[str, object] = dict(vars(check))
    found.update(vars(found.pop("_own_clients")))
    return found
