"""Reading the mirror for a caller: lists by filter and search, one object, and whole types as a stream."""
