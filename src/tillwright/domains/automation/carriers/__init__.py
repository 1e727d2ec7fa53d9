"""One file a kind of request: `carry` does it, and may be called again after a crash in its middle.

Each declares `REQUEST`, the value it takes, and `READS`: whether it changes nothing anywhere.
"""
