"""Objects chosen by what their bodies say, and totals over them: what workflows read."""
