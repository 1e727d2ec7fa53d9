"""Tillwright: connect a Stripe account, prove it, mirror it, automate on it."""

__version__ = "0.1.0"
