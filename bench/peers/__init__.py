"""The peers, as published: how each is fetched and started."""
