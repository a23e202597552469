"""Lists of networks, names and patterns that checks look things up in."""
