"""Objects that are in doubt, fetched again one by one until there is none."""
