"""Is the mirror true? Page by page, at a low budget and without end, it is compared with Stripe and mended."""
