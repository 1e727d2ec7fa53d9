"""People who are told things, by their names."""
