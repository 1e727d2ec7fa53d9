"""The console's pages, a file for each section of the side bar."""
