"""Custody of the master key: what is sealed with which, and sealing all of it anew while everything runs."""

from tillwright.domains.custody.service import Custody, Holding

__all__ = ["Custody", "Holding"]
