"""Options in, running services out: the only package that knows all others."""
