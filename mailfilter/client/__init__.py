"""mailfilter.client"""
