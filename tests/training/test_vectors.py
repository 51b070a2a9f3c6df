"""Vectors of words from their neighbours."""

import numpy as np
import pytest

from training.vectors import _cooccurrences, frequent_words, word_vectors


def texts() -> list[list[str]]:
    """Names and things that stand in the same places, each by itself."""
    generator = np.random.default_rng(0)
    kinds = {"who": ["anna", "bert", "carl"], "what": ["bread", "milk", "rice"]}
    made = []
    for _ in range(300):
        who, what = (generator.choice(kinds[kind]) for kind in ("who", "what"))
        made.append(["then", who, "eats", "some", what, "."])
    return [[str(word) for word in words] for words in made]


def test_words_in_the_same_places_have_like_vectors() -> None:
    words = frequent_words(texts(), 100, 2)
    vectors = word_vectors(texts(), words, size=4)
    assert vectors.shape == (len(words), 4) and vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1).min() == pytest.approx(1.0, abs=1e-5)
    index = {word: i for i, word in enumerate(words)}

    def likeness(one: str, other: str) -> float:
        return float(vectors[index[one]] @ vectors[index[other]])

    assert min(likeness("anna", "bert"), likeness("milk", "rice")) > 0.8
    assert likeness("anna", "milk") < 0.3


def test_it_is_the_same_every_time() -> None:
    words = frequent_words(texts(), 100, 2)
    assert np.array_equal(word_vectors(texts(), words, 4), word_vectors(texts(), words, 4))


def test_which_words_are_frequent() -> None:
    assert frequent_words([["b", "a", "c"], ["a", "b"], ["a"]], 2, 1) == ["a", "b"]
    assert frequent_words([["b", "a"], ["a"]], 9, 2) == ["a"]
    assert frequent_words([["b", "a"]], 9, 1) == ["a", "b"]  # equally often: by name


def test_neighbours_count_by_their_distance_and_side() -> None:
    index = {"a": 0, "b": 1, "c": 2}
    counts = _cooccurrences([["a", "b", "x", "c"], ["c"]], index).toarray()
    # before a word: columns 0 to 2, behind it: 3 to 5
    wanted = np.zeros((3, 6))
    wanted[0, 3 + 1] = wanted[1, 0] = 1.0  # a b
    wanted[1, 3 + 2] = wanted[2, 1] = 1 / 2  # b . c
    wanted[0, 3 + 2] = wanted[2, 0] = 1 / 3  # a . . c
    assert np.allclose(counts, wanted)


def test_few_words_and_none_that_are_known() -> None:
    vectors = word_vectors([["a", "b"]], ["a", "b", "nowhere"], size=8)
    assert vectors.shape == (3, 8)
    assert (vectors[2] == 0).all() and np.isfinite(vectors).all()
