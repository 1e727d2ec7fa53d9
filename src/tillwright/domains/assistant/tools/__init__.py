"""What an assistant can ask: a file each, found by the scan in `catalogue.py`."""
