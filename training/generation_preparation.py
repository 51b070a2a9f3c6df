"""From a generation recipe and its texts to a tokenizer and a task for the training loop."""

from collections.abc import Sequence

import numpy as np
import torch

from service.artifact import Tokenizer
from training.corpora import Corpora
from training.data.errors import DataError
from training.networks.build import build_generator
from training.recipe import GenerationRecipe, WordTokenizer
from training.tasks.generation import GenerationTask, windows
from training.tokenization import train_tokenizer, word_tokenizer


def generation_tokenizer(recipe: GenerationRecipe, corpora: Corpora[str]) -> Tokenizer:
    """Of the recipe's words, or trained on the training texts. Raises DataError, RecipeError."""
    if not isinstance(recipe.tokenizer, WordTokenizer):
        texts = (text for part in corpora.train for text in part)
        return Tokenizer.from_bytes(train_tokenizer(texts, recipe.tokenizer), add_eos=False)
    tokenizer = closed_tokenizer(recipe.tokenizer)
    for part in (*corpora.train, *corpora.validation.values(), *corpora.test.values()):
        require_known(tokenizer, part)
    return tokenizer


def closed_tokenizer(settings: WordTokenizer) -> Tokenizer:
    """Of the recipe's words alone."""
    return Tokenizer.from_bytes(word_tokenizer(settings.words), add_eos=False)


def require_known(tokenizer: Tokenizer, texts: Sequence[str]) -> None:
    """Raises DataError for a text with a word outside a closed vocabulary."""
    for text in texts:
        tokens, offsets = tokenizer.encode_with_offsets(text)
        if tokenizer.unk_id in tokens:
            start, end = offsets[tokens.index(tokenizer.unk_id)]
            raise DataError(
                f"{text[start:end].strip()!r} is not among the words of the recipe's tokenizer; "
                "train texts of your own with the recipe text-generator"
            )


def generation_task(
    recipe: GenerationRecipe, corpora: Corpora[str], tokenizer: Tokenizer
) -> GenerationTask:
    """The task with a freshly initialised network; the same seed gives the same weights."""
    torch.manual_seed(recipe.training.seed)
    network = build_generator(recipe.network, tokenizer.vocabulary_size)

    def cut(texts: Sequence[str]) -> list[np.ndarray]:
        return windows([tokenizer.encode(text) for text in texts], recipe.training.max_tokens)

    return GenerationTask(
        network,
        [cut(part) for part in corpora.train],
        corpora.takes,
        {name: cut(part) for name, part in corpora.validation.items()},
        recipe.training,
    )
