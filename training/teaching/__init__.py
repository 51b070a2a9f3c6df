"""What trained networks say of texts, written to a file for another one to learn from."""
