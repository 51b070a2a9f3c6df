"""What a term of a glossary may be, in a request or in a file. Imports nothing."""

LONGEST_TERM = 200  # characters


def is_term(text: str) -> bool:
    """Whether a text can be a term, or the translation of one."""
    return bool(text.strip()) and len(text) <= LONGEST_TERM and text.isprintable()
