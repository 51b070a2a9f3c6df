"""Files of texts: rows in, rows with answers out, and going on where a run stopped.

Knows nothing about models or terminals. A file is read and written in pieces, so its size does not
matter.
"""
