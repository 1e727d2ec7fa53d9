"""What happened here and what Stripe told of, as one list: published clients know it as auditing events."""
