"""Counts of words: probabilities that add up, by hand and drawn."""

import math
from collections import Counter

import numpy as np
import pytest

from service.artifact import BOS_ID
from training.baselines.ngram import DISCOUNT, NGram

A, B, C, END = 4, 5, 6, 2
TEXTS = [[A, B, END], [A, B, C, END], [A, C, END], [B, A, END]]
VOCABULARY = 8


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("discount", [0.3, DISCOUNT])
def test_probabilities_add_up_to_one(order: int, discount: float) -> None:
    model = NGram(TEXTS, order, VOCABULARY, discount)
    for context in ([BOS_ID] * 3, [BOS_ID, A, B], [A, B, C], [C, C, C], [7, 7, A]):
        last = tuple(context[len(context) - order + 1 :])
        total = sum(model.probability(last, token) for token in range(VOCABULARY))
        assert total == pytest.approx(1.0)


def test_without_a_discount_a_pair_is_as_likely_as_it_was_frequent() -> None:
    model = NGram(TEXTS, 2, VOCABULARY, discount=0.0)
    assert model.probability((A,), B) == 2 / 4
    assert model.probability((A,), C) == 1 / 4
    assert model.probability((A,), A) == 0
    assert model.probability((BOS_ID,), A) == 3 / 4
    assert model.nats([[A, A, END]]) == math.inf


def test_the_lower_order_counts_contexts() -> None:
    # By hand: B follows two contexts (BOS, A), C two (B, A), A two (BOS, B), the end three.
    model = NGram(TEXTS, 2, VOCABULARY)
    contexts = 2 + 2 + 2 + 3
    lower = (2 - DISCOUNT) / contexts + DISCOUNT * 4 / contexts / VOCABULARY
    expected = (2 - DISCOUNT) / 4 + DISCOUNT * 3 / 4 * lower
    assert model.probability((A,), B) == pytest.approx(expected)
    # A context that was never seen says nothing.
    assert model.probability((7,), B) == pytest.approx(lower)


def test_nats_are_those_of_every_token() -> None:
    model = NGram(TEXTS, 3, VOCABULARY)
    row = [A, B, END]
    contexts = [(BOS_ID, BOS_ID), (BOS_ID, A), (A, B)]
    logs = [math.log(model.probability(c, t)) for c, t in zip(contexts, row, strict=True)]
    assert model.nats([row, row]) == pytest.approx(-2 * sum(logs))


def test_texts_are_drawn_by_their_probabilities() -> None:
    model = NGram(TEXTS, 2, VOCABULARY, discount=0.0)
    generator = np.random.default_rng(1)
    first = Counter(model.sample(generator, END, 20)[0] for _ in range(400))
    assert set(first) == {A, B}
    assert abs(first[A] - 300) < 50
    assert len(model.sample(generator, 7, 5)) == 5, "what never ends is cut"
