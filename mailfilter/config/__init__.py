"""mailfilter.config"""
