"""How exact the assistant's tools are: questions people ask, on accounts full of traps, against their own books."""
