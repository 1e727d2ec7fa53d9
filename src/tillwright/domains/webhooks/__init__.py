"""Hearing from Stripe: the endpoint there, the way in here, and the pipeline behind it."""

from tillwright.domains.webhooks.model import Accepted, Endpoint, Outcome, StripeEvent
from tillwright.domains.webhooks.service import Webhooks

__all__ = ["Accepted", "Endpoint", "Outcome", "StripeEvent", "Webhooks"]
