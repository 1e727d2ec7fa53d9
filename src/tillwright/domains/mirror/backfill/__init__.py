"""Bringing in what was there before we listened: list after list, a page at a time, from wherever it stopped."""
