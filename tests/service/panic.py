"""An error that is no Exception, as libraries written in Rust raise it."""


class Panic(BaseException):
    """Stands for a panic of such a library."""
