"""Twisted protocols: events of a codec in, scans, replies out."""
