"""Finding mirrored objects by conditions people write."""
