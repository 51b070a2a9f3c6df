"""Recurrent cells, each a page of code that reads like its equation."""
