"""What can be wrong with an artifact or with a text that is handed to its tokenizer.

This module stands at the far end of the import order: it knows nothing of the rest of the service.
"""


class ArtifactError(Exception):
    """An artifact that cannot be read or written. The message names the file and what is wrong."""


class UnencodableText(ValueError):
    """A text that is no sequence of characters: it holds half of a surrogate pair."""
