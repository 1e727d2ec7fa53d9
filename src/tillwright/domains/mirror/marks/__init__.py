"""Which objects are in doubt, and who is asking Stripe about them."""
