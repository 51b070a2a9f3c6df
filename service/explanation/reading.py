"""Reads a text to explain, and refuses one that is too long. Knows no model but its tokenizer."""

from collections.abc import Sequence

from service.artifact import Tokenizer, UnencodableText
from service.errors import TextError, TextTooLong
from service.explanation.words import Span


def read_text(tokenizer: Tokenizer, text: str) -> tuple[Sequence[int], Sequence[Span]]:
    """The tokens of a text and where they stand in it. Raises TextError."""
    try:
        tokens, offsets = tokenizer.encode_with_offsets(text)
    except UnencodableText as error:
        raise TextError(0, str(error)) from None
    if not tokens:
        raise TextError(0, "nothing to read is left of it; send at least one word")
    return tokens, offsets


def check_length(tokens: int, most: int) -> None:
    """Raises TextTooLong for more tokens than that."""
    if tokens > most:
        raise TextTooLong(
            0,
            f"the text has {tokens:,} tokens; the limit of an explanation is {most:,}: send a "
            "part of it",
        )
