"""The parts of the embedded store: one SQLite file, and what is done to it in threads."""
