"""Our webhook endpoint at Stripe: one for each integration and mode, made, looked after and removed by us."""
