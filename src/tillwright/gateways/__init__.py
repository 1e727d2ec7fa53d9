"""The outside world behind ports of a few lines."""
