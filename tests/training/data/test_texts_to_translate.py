"""The texts of datasets that a translator is asked to teach."""

from pathlib import Path

from training.recipe import Languages
from training.taught_corpora import texts_to_translate


def test_reviews_are_cut_into_sentences_and_pairs_keep_all_that_is_right(data_root: Path) -> None:
    languages = Languages(source="en", target="de")
    read = texts_to_translate(data_root, ["customer_reviews", "tatoeba"], languages)
    assert list(read) == ["customer_reviews", "tatoeba"]
    sentences = read["customer_reviews"]
    assert len(sentences) > 3000
    assert max(map(len, sentences)) < 600
    assert not any(sentences.values())
    assert max(map(len, read["tatoeba"].values())) > 1
