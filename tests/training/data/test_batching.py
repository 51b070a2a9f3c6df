"""An epoch's batches hold every example once, keep to the budget, and can be had again."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.data.batching import TokenBatches, weighted_epoch

lengths_of_examples = st.lists(st.integers(1, 50), max_size=300)


@given(lengths_of_examples, st.integers(1, 200), st.integers(0, 3), st.integers(0, 3))
def test_every_index_is_in_one_batch(
    lengths: list[int], budget: int, seed: int, epoch: int
) -> None:
    batches = TokenBatches(lengths, budget, seed).epoch(epoch)
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))


@given(lengths_of_examples, st.integers(1, 200), st.integers(0, 3), st.integers(0, 3))
def test_batches_keep_to_the_budget(lengths: list[int], budget: int, seed: int, epoch: int) -> None:
    for batch in TokenBatches(lengths, budget, seed).epoch(epoch):
        padded = len(batch) * max(lengths[index] for index in batch)
        assert len(batch) == 1 or padded <= budget


@given(lengths_of_examples, st.integers(1, 200), st.integers(0, 3), st.integers(0, 3))
def test_the_same_epoch_has_the_same_batches(
    lengths: list[int], budget: int, seed: int, epoch: int
) -> None:
    former = TokenBatches(lengths, budget, seed)
    former.epoch(epoch + 1)  # what else was drawn must not matter
    again = TokenBatches(lengths, budget, seed).epoch(epoch)
    for one, other in zip(former.epoch(epoch), again, strict=True):
        np.testing.assert_array_equal(one, other)


def test_epochs_and_seeds_differ() -> None:
    lengths = [5] * 200
    drawings = {
        tuple(np.concatenate(TokenBatches(lengths, 50, seed).epoch(epoch)))
        for seed in range(3)
        for epoch in range(3)
    }
    assert len(drawings) == 9


def test_little_is_padded() -> None:
    lengths = np.random.default_rng(0).integers(1, 60, 20_000)
    batches = TokenBatches(lengths.tolist(), 2_000, seed=0).epoch(0)
    padded = sum(len(batch) * int(lengths[batch].max()) for batch in batches)
    assert lengths.sum() / padded > 0.95


def test_batch_mates_change() -> None:
    lengths = np.random.default_rng(0).integers(1, 60, 2_000).tolist()
    batches = TokenBatches(lengths, 500, seed=0)

    def mates(epoch: int) -> set[frozenset[int]]:
        return {frozenset(map(int, batch)) for batch in batches.epoch(epoch)}

    assert len(mates(0) & mates(1)) < len(mates(0)) / 10


def test_batches_come_in_no_order_of_length() -> None:
    lengths = list(range(1, 500))
    means = [float(np.mean(batch)) for batch in TokenBatches(lengths, 1_000, seed=0).epoch(0)]
    assert means != sorted(means)
    assert means != sorted(means, reverse=True)


@given(
    st.lists(st.tuples(st.integers(0, 20), st.none() | st.integers(0, 30)), max_size=4),
    st.integers(0, 3),
    st.integers(0, 5),
)
def test_sources_give_what_is_taken(
    sources: list[tuple[int, int | None]], seed: int, epoch: int
) -> None:
    sizes = [size for size, _ in sources]
    indices = weighted_epoch(sizes, [take for _, take in sources], seed, epoch)
    counts = Counter(indices.tolist())
    offset = 0
    for size, take in sources:
        of_source = [counts[index] for index in range(offset, offset + size)]
        wanted = size if take is None else take if size else 0
        assert sum(of_source) == wanted
        # Permutations laid end to end: nothing comes a third time before all came once.
        assert not of_source or max(of_source) - min(of_source) <= 2
        if take is None:
            assert set(of_source) <= {1}
        offset += size
    assert sum(counts.values()) == len(indices)


@given(st.integers(1, 20), st.integers(1, 30), st.integers(0, 3))
def test_over_the_epochs_all_are_seen_equally_often(size: int, take: int, seed: int) -> None:
    epochs = [weighted_epoch([size], [take], seed, epoch) for epoch in range(size)]
    counts = Counter(np.concatenate(epochs).tolist())
    assert set(counts.values()) == {take}
    assert len(counts) == size


def test_batches_of_a_mixture() -> None:
    batches = TokenBatches([3] * 30, 12, seed=0, sizes=[10, 20], takes=[None, 5])
    seen = np.concatenate(batches.epoch(0))
    assert set(range(10)) <= set(seen.tolist())
    assert len(seen) == 15


def test_sizes_add_up() -> None:
    with pytest.raises(ValueError, match="add up to 3, not to 2"):
        TokenBatches([1, 1], 10, seed=0, sizes=[1, 2], takes=[None, None])
