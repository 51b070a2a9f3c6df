"""Forced decoding: the attention of each row, whatever it is computed with."""

import numpy as np
import pytest

from service.pipelines.translation import TranslationPipeline
from service.runtime.forced import forced_attention

SOURCES = ["a good film", "two men talk in the street", "the cat", "a woman sings in the park"]


@pytest.mark.parametrize(("max_rows", "max_tokens"), [(1, 4096), (16, 4096), (16, 24)])
def test_rows_of_any_length_get_their_own_weights(
    translator: TranslationPipeline, max_rows: int, max_tokens: int
) -> None:
    rows = translator.artifact.tokenizer.encode_batch(SOURCES)
    # Ends first, last, and not at all.
    targets = [rows[0][:1], rows[1][:-1], [], rows[3][:-1]]
    weights = forced_attention(translator._decoder, rows, targets, max_rows, max_tokens)
    for row, target, weight in zip(rows, targets, weights, strict=True):
        assert weight.shape == (len(target), len(row))
        np.testing.assert_array_equal(weight, np.eye(len(target), len(row)))


def test_no_rows_are_no_weights(translator: TranslationPipeline) -> None:
    assert translator.attention([], []) == []
