"""Batches hold every row once, within their bounds, and padding is only behind a row's end."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.artifact import PAD_ID
from service.runtime.batches import (
    ENOUGH_ROWS,
    ENOUGH_TOKENS,
    BatchBounds,
    batches_by_length,
    pad_rows,
)


def similar(lengths: list[int]) -> bool:
    return max(lengths) <= 2 * min(lengths) + 8


lengths_of_rows = st.lists(st.integers(1, 50), max_size=40)
rows_of_tokens = st.lists(
    st.lists(st.integers(1, 30_000), min_size=1, max_size=20), min_size=1, max_size=10
)


@given(lengths=lengths_of_rows, size=st.integers(1, 8), tokens=st.integers(1, 120))
def test_every_row_is_in_one_batch_and_no_batch_is_too_large(
    lengths: list[int], size: int, tokens: int
) -> None:
    batches = batches_by_length(lengths, size, tokens)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        assert 1 <= len(batch) <= size
        padded = len(batch) * max(lengths[i] for i in batch)
        assert padded <= tokens or len(batch) == 1
        assert similar([lengths[i] for i in batch])


@given(lengths=lengths_of_rows, size=st.integers(1, 8), tokens=st.integers(1, 120))
def test_the_longest_come_first_and_equals_keep_their_order(
    lengths: list[int], size: int, tokens: int
) -> None:
    order = [i for batch in batches_by_length(lengths, size, tokens) for i in batch]
    for first, second in itertools.pairwise(order):
        assert (-lengths[first], first) < (-lengths[second], second)


@given(lengths=lengths_of_rows, size=st.integers(1, 8), tokens=st.integers(1, 120))
def test_a_batch_ends_only_where_the_next_row_does_not_fit(
    lengths: list[int], size: int, tokens: int
) -> None:
    for batch, (following, *_) in itertools.pairwise(batches_by_length(lengths, size, tokens)):
        assert (
            len(batch) == size
            or (len(batch) + 1) * lengths[batch[0]] > tokens
            or not similar([lengths[batch[0]], lengths[following]])
        )


@pytest.mark.parametrize(
    ("lengths", "batches"),
    [
        ([], []),
        ([3], [[0]]),
        ([1, 9, 2, 9], [[1, 3], [2, 0]]),
        ([100], [[0]]),  # longer than a batch may be
        ([100, 1, 1], [[0], [1, 2]]),
    ],
)
def test_batches_of_two_rows_and_twenty_tokens(
    lengths: list[int], batches: list[list[int]]
) -> None:
    assert batches_by_length(lengths, 2, 20) == batches


@pytest.mark.parametrize(
    ("lengths", "batches"),
    [
        ([48, 20], [[0, 1]]),
        ([49, 20], [[0], [1]]),
        ([1, 10, 11], [[2, 1], [0]]),
        ([60, 59, 25, 26, 9, 8], [[0, 1, 3], [2, 4], [5]]),
    ],
)
def test_a_long_row_is_not_computed_with_short_ones(
    lengths: list[int], batches: list[list[int]]
) -> None:
    assert batches_by_length(lengths, 10, 1000) == batches


@given(lengths=lengths_of_rows, size=st.integers(1, 8), tokens=st.integers(1, 120))
def test_a_batch_that_grows_row_by_row_keeps_its_bounds(
    lengths: list[int], size: int, tokens: int
) -> None:
    bounds = BatchBounds(size, tokens)
    held: list[int] = []
    for length in lengths:
        with_it = [*held, length]
        fits = not held or (
            len(with_it) <= size and len(with_it) * max(with_it) <= tokens and similar(with_it)
        )
        assert bounds.accept(length) == fits
        held += [length] * fits
        assert (bounds.rows, bounds.longest) == (len(held), max(held))


@pytest.mark.parametrize(
    ("length", "rows"),
    [
        (1, 32),
        (12, 32),
        (13, ENOUGH_TOKENS // 13),
        (47, ENOUGH_ROWS),
        (90, ENOUGH_ROWS),  # as fast as more, and within what is allowed
        (200, 5),
        (1001, 1),
    ],
)
def test_a_batch_that_has_enough_rows_stays_within_the_cache(length: int, rows: int) -> None:
    first, *_ = batches_by_length([length] * 100, 32, 1000)
    assert len(first) == rows


@given(rows=rows_of_tokens)
def test_padding_stands_behind_each_row(rows: list[list[int]]) -> None:
    tokens, lengths = pad_rows(rows)
    assert tokens.dtype == lengths.dtype == np.int32
    assert tokens.shape == (len(rows), max(len(row) for row in rows))
    for line, length, row in zip(tokens.tolist(), lengths.tolist(), rows, strict=True):
        assert line[:length] == row
        assert set(line[length:]) <= {PAD_ID}
