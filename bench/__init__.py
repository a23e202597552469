"""Benchmarks of the filter; `make bench` runs them. HACKING.md says how to read them."""
