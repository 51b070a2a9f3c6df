"""What attention is worth, by the length of the source."""
