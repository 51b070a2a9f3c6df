"""What can be wrong with a file of texts."""

from service.errors import GatehouseError


class FileError(GatehouseError):
    """A file that cannot be read or written as asked. The message names it."""


class BadRow(FileError):
    """A row that cannot be answered, where that ends the run."""
