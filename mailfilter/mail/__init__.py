"""mailfilter.mail"""
