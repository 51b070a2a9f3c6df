"""The one error of this package; its text says what is wrong with the data and what would be right.

This module knows nothing about files or formats.
"""


class DataError(Exception):
    """Data that is missing, damaged or not of the form that was promised."""
