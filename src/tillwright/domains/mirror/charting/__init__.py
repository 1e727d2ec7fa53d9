"""Sums by day of what charts show: for large accounts kept, so that a page need not read every object."""
