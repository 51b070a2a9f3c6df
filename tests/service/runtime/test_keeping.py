"""Searches that keep placeholders, against all sequences of a tiny vocabulary."""

import itertools
import math
from random import Random

import pytest

from service.runtime.keeping import KeepingSearch
from service.runtime.search import Hypothesis, begin_search

END, WORDS, SYMBOLS = 0, (1, 2), frozenset({3, 4, 5})
VOCABULARY = (END, *WORDS, *sorted(SYMBOLS))
LENGTH = 5


def model(seed: int) -> dict[tuple[int, ...], list[float]]:
    """The log-probability of every token behind every prefix, drawn at random."""
    random = Random(seed)
    table = {}
    for length in range(LENGTH):
        for prefix in itertools.product(VOCABULARY[1:], repeat=length):
            weights = [random.random() ** 3 + 1e-3 for _ in VOCABULARY]
            total = sum(weights)
            table[prefix] = [math.log(weight / total) for weight in weights]
    return table


def run(table: dict[tuple[int, ...], list[float]], beam: int, kept: set[int]) -> list[Hypothesis]:
    search = KeepingSearch(begin_search(beam, 1.0, LENGTH, END), kept, SYMBOLS, END)
    prefixes: list[tuple[int, ...]] = [()]
    while not search.done:
        ranked = [
            sorted(zip(table[prefix], VOCABULARY, strict=True), key=lambda one: -one[0])[
                : search.candidates
            ]
            for prefix in prefixes
        ]
        step = search.advance(
            [[log_prob for log_prob, _ in row] for row in ranked],
            [[token for _, token in row] for row in ranked],
        )
        assert search.rows == len(step.parents)
        prefixes = [
            (*prefixes[parent], token)
            for parent, token in zip(step.parents, step.tokens, strict=True)
        ]
    return search.hypotheses()


def follows(tokens: tuple[int, ...], kept: set[int]) -> bool:
    symbols = [token for token in tokens if token in SYMBOLS]
    return len(symbols) == len(set(symbols)) and set(symbols) <= kept


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("kept", [set(), {3}, {3, 5}])
@pytest.mark.parametrize("beam", [1, 2, 5])
def test_hypotheses_keep_what_they_are_to_keep(beam: int, kept: set[int], seed: int) -> None:
    for hypothesis in run(model(seed), beam, kept):
        assert follows(hypothesis.tokens, kept)
        if hypothesis.complete:
            assert kept <= set(hypothesis.tokens)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("kept", [{3}, {3, 4}])
def test_a_wide_beam_finds_the_best_that_keeps_all(kept: set[int], seed: int) -> None:
    table = model(seed)
    best = max(
        (
            sum(table[tokens[:i]][VOCABULARY.index(token)] for i, token in enumerate(tokens))
            + table[tokens][END]
        )
        / (length + 1)
        for length in range(LENGTH)
        for tokens in itertools.product(VOCABULARY[1:], repeat=length)
        if follows(tokens, kept) and kept <= set(tokens)
    )
    found = max(h.score for h in run(table, 1500, kept) if h.complete)
    assert found == pytest.approx(best)


def test_without_anything_to_keep_the_words_are_those_of_the_search_itself() -> None:
    table = {prefix: [*row[:3], -50.0, -50.0, -50.0] for prefix, row in model(1).items()}
    plain = begin_search(1, 1.0, LENGTH, END)
    prefix: tuple[int, ...] = ()
    while not plain.done:
        row = sorted(zip(table[prefix], VOCABULARY, strict=True), reverse=True)
        step = plain.advance([[row[0][0]]], [[row[0][1]]])
        prefix = (*prefix, *step.tokens)
    assert run(table, 1, set())[0] == plain.hypotheses()[0]
