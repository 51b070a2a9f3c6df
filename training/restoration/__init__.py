"""Runs made of published versions, whose weights are read back out of their graphs."""
