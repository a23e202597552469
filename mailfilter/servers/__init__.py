"""mailfilter.servers"""
