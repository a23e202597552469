"""Tests of `mailfilter.net`."""
