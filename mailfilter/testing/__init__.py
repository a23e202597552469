"""Helpers for tests of checks and servers, ours and third parties'."""
