"""Keys for programs: made, shown once, rotated, revoked, and exchanged for a token of an hour."""
