"""mailfilter.scan"""
