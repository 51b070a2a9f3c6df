"""Words and their translations, by the attention of the decoder."""

from pathlib import Path

import numpy as np
import pytest

from service.artifact import read_artifact
from service.pipelines.alignment import align
from service.pipelines.placeholders import Glossary
from service.pipelines.translation import TranslationOptions, TranslationPipeline
from tests import tiny_models


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


def test_what_is_kept_is_aligned_as_it_stands(tmp_path: Path) -> None:
    folder = tiny_models.publish_translator(tmp_path, known=["the", "cat", "sat"])
    pipeline = TranslationPipeline(read_artifact(folder))
    glossary = Glossary({"the cat": "die Katze"})
    text = "the cat sat. Zarathustra at 12:30"
    (translation,) = pipeline.translate([text], TranslationOptions(glossary=glossary))
    assert translation == "die Katze sat. Zarathustra at 12:30"
    (alignment,) = align(pipeline, [(text, translation)], glossary=glossary)
    pipeline.close()
    assert alignment is not None
    looked_at = {
        translation[slice(*target)]: text[slice(*alignment.source[source])]
        for target, source in zip(
            alignment.target, alignment.weights.argmax(axis=1).tolist(), strict=True
        )
    }
    assert looked_at["die Katze"] == "the cat"
    assert looked_at["12:30"] == "12:30"
    assert looked_at["Zarathustra"] == "Zarathustra"
