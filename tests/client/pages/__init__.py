"""Tests of `mailfilter.client.pages`."""
