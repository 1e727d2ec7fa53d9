"""Thin: parse, call one verb, shape the answer. Doors do not know each other."""
