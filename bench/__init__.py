"""Benchmarks: one file a question; each prints ours, the peer's and the limit, side by side, from one run."""
