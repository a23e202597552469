"""mailfilter.codec"""
