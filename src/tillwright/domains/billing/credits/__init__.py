"""Credit wallets: prepaid money of a buyer, kept at Stripe in the customer's balance."""
