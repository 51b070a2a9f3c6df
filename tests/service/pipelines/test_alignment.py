"""Words and their translations, by the attention of the decoder."""

import numpy as np
import pytest

from service.pipelines.alignment import align
from service.pipelines.translation import TranslationPipeline


def test_each_token_looks_at_the_one_that_it_copies(translator: TranslationPipeline) -> None:
    texts = ["the good cat sat on the mat", "two men talk", "a"]
    for text, alignment in zip(texts, align(translator, [(t, t) for t in texts]), strict=True):
        assert alignment is not None
        assert alignment.source == alignment.target
        assert alignment.source[-1][1] == len(text)
        looked_at = alignment.weights.argmax(axis=1).tolist()
        assert looked_at == list(range(len(alignment.source)))


def test_more_than_are_taken_together(translator: TranslationPipeline) -> None:
    pairs = [("the cat " * (1 + n % 5), "the cat " * (1 + n % 3)) for n in range(40)]
    together = align(translator, pairs)
    for pair, alignment in zip(pairs, together, strict=True):
        (alone,) = align(translator, [pair])
        assert alone is not None
        assert alignment is not None
        np.testing.assert_allclose(alignment.weights, alone.weights, atol=1e-5)


@pytest.mark.parametrize("pair", [("cat " * 300, "cat"), ("cat", "cat " * 300), ("cat", "")])
def test_what_is_not_translated_in_one_piece_is_not_aligned(
    translator: TranslationPipeline, pair: tuple[str, str]
) -> None:
    first, second = align(translator, [pair, ("cat", "cat")])
    assert first is None
    assert second is not None


def test_what_is_not_wanted_any_more_is_left(translator: TranslationPipeline) -> None:
    assert align(translator, [("cat", "cat")], lambda: False) == [None]
