"""Requests to addresses that people typed in, kept off our own network."""

from tillwright.gateways.outgoing.client import Answer, Outgoing, OutgoingRefused, OutgoingUnavailable
from tillwright.gateways.outgoing.url import Target, parse

__all__ = ["Answer", "Outgoing", "OutgoingRefused", "OutgoingUnavailable", "Target", "parse"]
