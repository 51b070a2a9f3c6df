"""Which examples an epoch sees, and in which batches: pure functions of (seed, epoch).

Knows nothing about texts: it works on lengths and indices. A run that is resumed at (epoch,
batch) sees the very batches that it would have seen.
"""

from collections.abc import Sequence

import numpy as np

_BUCKETS = 100  # an epoch is sorted by length within about this many batches at a time


def weighted_epoch(
    sizes: Sequence[int], takes: Sequence[int | None], seed: int, epoch: int
) -> np.ndarray:
    """Indices of one epoch over several sources that lie one after the other.

    Source ``i`` has ``sizes[i]`` examples and gives ``takes[i]`` of them (None: all) an epoch.
    It is walked through in fresh permutations laid end to end, so that over the epochs every
    example is seen equally often. Returns int64 indices in no particular order.
    """
    chosen = []
    offset = 0
    for source, (size, take) in enumerate(zip(sizes, takes, strict=True)):
        count = size if take is None else take
        first = epoch * count if size else 0
        last = first + count if size else 0
        for cycle in range(first // max(size, 1), -(-last // max(size, 1))):
            order = np.random.default_rng((seed, source, cycle)).permutation(size)
            start, stop = max(first - cycle * size, 0), min(last - cycle * size, size)
            chosen.append(order[start:stop] + offset)
        offset += size
    return np.concatenate(chosen).astype(np.int64) if chosen else np.zeros(0, np.int64)


class TokenBatches:
    """Batches of examples of similar length, each within a budget of padded tokens."""

    def __init__(
        self,
        lengths: Sequence[int],
        tokens_per_batch: int,
        seed: int,
        sizes: Sequence[int] | None = None,
        takes: Sequence[int | None] | None = None,
    ) -> None:
        """``lengths`` of all examples, source after source; ``sizes``, ``takes``: see above.

        An example longer than the budget makes a batch of its own. Raises ValueError for sizes
        that do not add up.
        """
        self.lengths = np.asarray(lengths, dtype=np.int64)
        self.tokens_per_batch = tokens_per_batch
        self.seed = seed
        self.sizes = [len(self.lengths)] if sizes is None else list(sizes)
        self.takes = [None] * len(self.sizes) if takes is None else list(takes)
        if sum(self.sizes) != len(self.lengths):
            raise ValueError(f"sizes add up to {sum(self.sizes)}, not to {len(self.lengths)}")

    def epoch(self, epoch: int) -> list[np.ndarray]:
        """The batches of an epoch (from 0), each an array of indices into ``lengths``."""
        generator = np.random.default_rng((self.seed, len(self.sizes), epoch))
        indices = weighted_epoch(self.sizes, self.takes, self.seed, epoch)
        indices = generator.permutation(indices)
        # Sorting stretches of the shuffled epoch, not all of it, keeps batch mates changing.
        total = int(self.lengths[indices].sum())
        stretches = max(1, round(total / self.tokens_per_batch / _BUCKETS))
        batches = []
        for stretch in np.array_split(indices, stretches):
            order = stretch[np.argsort(self.lengths[stretch], kind="stable")]
            batches.extend(self._within_budget(order))
        return [batches[i] for i in generator.permutation(len(batches))]

    def _within_budget(self, order: np.ndarray) -> list[np.ndarray]:
        """Cuts indices sorted by length so that rows times the longest stays in the budget."""
        batches = []
        start = 0
        widths = self.lengths[order]
        for stop in range(1, len(order) + 1):
            # Would the next row, which is the longest so far, still fit?
            full = stop == len(order) or (stop + 1 - start) * widths[stop] > self.tokens_per_batch
            if full:
                batches.append(order[start:stop])
                start = stop
        return batches
