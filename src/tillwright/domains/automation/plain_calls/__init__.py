"""Actions that are one plain Stripe call: a row each, a file a kind of object; each file's `ROWS` is read."""
