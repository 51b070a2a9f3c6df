"""From a tagging recipe and its sentences to a task that the training loop can run.

Knows nothing about checkpoints or the command line.
"""

import logging
from collections.abc import Sequence

import numpy as np
import torch

from service.artifact.vocabulary import Vocabulary
from service.pipelines.tag_decoding import OUTSIDE, is_bio
from training.corpora import Corpora
from training.data.errors import DataError
from training.data.examples import TaggedSentence
from training.networks.build import build_tagger
from training.recipe import TaggingRecipe
from training.tasks.tagging import NO_TAG, EncodedSentences, TaggingTask
from training.word_vocabulary import WordVocabulary

_log = logging.getLogger(__name__)


def tags_of(corpora: Corpora[TaggedSentence]) -> tuple[str, ...]:
    """The tags of the training data by name, of BIO O first. Raises DataError for a single one.

    Other tags of held-out sets are counted as mistakes.
    """
    found = {tag for part in corpora.train for sentence in part for tag in sentence.tags}
    if len(found) < 2:
        raise DataError(f"the training data has the tag {', '.join(found)} alone; expected several")
    held_out = {
        tag
        for part in (*corpora.validation.values(), *corpora.test.values())
        for sentence in part
        for tag in sentence.tags
    }
    if held_out - found:
        _log.info("tags that training never sees: %s", ", ".join(sorted(held_out - found)))
    if not is_bio(sorted(found)):
        return tuple(sorted(found))
    return tuple(sorted(found, key=lambda tag: (tag != OUTSIDE, tag[2:], tag)))


def tagging_task(
    recipe: TaggingRecipe,
    tags: Sequence[str],
    corpora: Corpora[TaggedSentence],
    vocabulary: WordVocabulary,
    vectors: np.ndarray,
) -> TaggingTask:
    """The task with a freshly initialised network; the same seed gives the same weights.

    Training sentences longer than training.max_tokens are cut into parts.
    """
    torch.manual_seed(recipe.training.seed)
    network = build_tagger(recipe.network, vocabulary, len(tags), torch.from_numpy(vectors))
    known = vocabulary.known
    limit = recipe.training.max_tokens
    return TaggingTask(
        network,
        tags,
        [_cut(encode_sentences(part, tags, known), limit) for part in corpora.train],
        corpora.takes,
        {name: encode_sentences(part, tags, known) for name, part in corpora.validation.items()},
        recipe.training,
    )


def encode_sentences(
    sentences: Sequence[TaggedSentence], tags: Sequence[str], vocabulary: Vocabulary
) -> EncodedSentences:
    """Numbers of words and tags; NO_TAG of a tag that is not among ``tags``."""
    index = {tag: i for i, tag in enumerate(tags)}
    return EncodedSentences(
        [vocabulary.encode(sentence.tokens) for sentence in sentences],
        [
            np.array([index.get(tag, NO_TAG) for tag in sentence.tags], dtype=np.int64)
            for sentence in sentences
        ],
    )


def _cut(sentences: EncodedSentences, limit: int) -> EncodedSentences:
    places = [
        (i, start) for i, row in enumerate(sentences.tokens) for start in range(0, len(row), limit)
    ]
    return EncodedSentences(
        [sentences.tokens[i][start : start + limit] for i, start in places],
        [sentences.tags[i][start : start + limit] for i, start in places],
    )
