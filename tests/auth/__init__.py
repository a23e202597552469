"""Tests of `mailfilter.auth`."""
