"""Objects that Stripe carries inside others, such as a subscription's items: rows like all others to whoever reads."""
