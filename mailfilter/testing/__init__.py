"""mailfilter.testing"""
