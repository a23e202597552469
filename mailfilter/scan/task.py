"""One scan under way."""
