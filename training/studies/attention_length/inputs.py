"""The inputs of the study: sentences by their length, and sentences joined. Knows no models."""

from collections.abc import Sequence

import numpy as np

from training.data.examples import SentencePair


def by_length(pairs: Sequence[SentencePair], edges: Sequence[int]) -> dict[str, list[SentencePair]]:
    """Pairs by the words of their source. edges: where every bucket but the first begins."""
    lengths = np.array([len(pair.source.split()) for pair in pairs])
    places = np.digitize(lengths, edges)  # pairs
    first = min(int(lengths.min(initial=edges[0])), edges[0] - 1)
    last = max(int(lengths.max(initial=0)), edges[-1])
    names = [
        f"{low} to {high}" if low < high else str(low)
        for low, high in zip([first, *edges], [*(edge - 1 for edge in edges), last], strict=True)
    ]
    return {
        name: [pair for pair, where in zip(pairs, places, strict=True) if where == place]
        for place, name in enumerate(names)
    }


def joined(pairs: Sequence[SentencePair], count: int) -> list[SentencePair]:
    """Each ``count`` neighbours as one pair; what is left over at the end is left out."""
    groups = [pairs[start : start + count] for start in range(0, len(pairs) - count + 1, count)]
    return [
        SentencePair(" ".join(p.source for p in group), " ".join(p.target for p in group))
        for group in groups
    ]
