"""The parts of the store in memory, by kind of thing."""
