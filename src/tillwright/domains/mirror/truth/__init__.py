"""Is the mirror right? What is known of it, what is wrong and what is not known yet, in one answer."""
