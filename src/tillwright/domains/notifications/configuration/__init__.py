"""What an organisation wants to be told of: whom, in which words, over which channels, when."""
