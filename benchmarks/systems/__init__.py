"""The servers that are measured: a folder each, small, as a competent user writes it."""
