"""Tests of `mailfilter.tls`."""
