"""A stateful, faithful Stripe over real HTTP, for tests and demos; it knows nothing of tillwright."""
