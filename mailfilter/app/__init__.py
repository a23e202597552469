"""mailfilter.app"""
