"""mailfilter.report"""
