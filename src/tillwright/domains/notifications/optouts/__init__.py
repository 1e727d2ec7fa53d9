"""Addresses that no longer want a scope's mails, and the signed links by which they say so."""
