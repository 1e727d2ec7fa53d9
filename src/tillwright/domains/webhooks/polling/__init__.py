"""Asking Stripe for the events that no delivery brought: while we were down, behind a wall, or never told."""
