"""Entitlements: what each buyer may use until when, and the notices before it ends."""
