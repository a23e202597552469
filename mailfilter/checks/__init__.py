"""mailfilter.checks"""
