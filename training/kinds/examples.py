"""Which texts a manifest keeps worked examples of."""

from collections.abc import Sequence

from service.artifact.tokenizer import Tokenizer
from training.recipe import Publication

EXAMPLES = 5
EXAMPLE_CHARACTERS = 200


def example_texts(
    publication: Publication, tokenizer: Tokenizer, texts: Sequence[str]
) -> list[str]:
    """The recipe's examples, or the first of the held-out texts that are short and hold words."""
    if publication.examples:
        return list(publication.examples)

    def readable(text: str) -> bool:
        return len(tokenizer.encode(text)) > tokenizer.add_eos

    short = [text for text in texts if len(text) <= EXAMPLE_CHARACTERS and readable(text)]
    cut = (text[:EXAMPLE_CHARACTERS] for text in texts)
    return (short or [text for text in cut if readable(text)])[:EXAMPLES]
