"""Stripe behind ports of a few lines: a reader, a writer, typed errors, rate budgets; `live.py` alone knows the SDK."""
