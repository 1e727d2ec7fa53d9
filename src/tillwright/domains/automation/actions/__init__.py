"""One file an action: whatever is in this folder can be used as `action:` in a definition."""
