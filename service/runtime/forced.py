"""What a decoder attends to while it writes a given target.

A search keeps no attention, as nobody but an explanation wants it; here the decoder is led along
the tokens that a search chose, and every step's attention is kept. The same graph from the same
states gives the same weights as in the search.
"""

from collections.abc import Sequence

import numpy as np

from service.runtime.batches import batches_by_length
from service.runtime.decoder import Decoder
from service.runtime.session import Array


def forced_attention(
    decoder: Decoder,
    sources: Sequence[Sequence[int]],
    targets: Sequence[Sequence[int]],
    max_rows: int,
    max_tokens: int,
) -> list[Array]:
    """For each source the weights (target tokens x source tokens, float32) of every step.

    sources: rows of tokens, none empty; targets: without begin and end. max_rows, max_tokens:
    of a batch, the latter with padding.
    """
    weights = [np.zeros((0, 0), np.float32)] * len(sources)
    for batch in batches_by_length([len(source) for source in sources], max_rows, max_tokens):
        # The longest targets first, so that the rows that are still written are the first ones.
        batch.sort(key=lambda i: -len(targets[i]))
        steps = _attend(decoder, [sources[i] for i in batch], [targets[i] for i in batch])
        for row, i in enumerate(batch):
            kept = [step[row, : len(sources[i])] for step in steps[: len(targets[i])]]
            weights[i] = np.array(kept, np.float32).reshape(len(kept), len(sources[i]))
    return weights


def _attend(
    decoder: Decoder, sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]
) -> list[Array]:
    """The attention of each step (rows still written x source_time); longest target first."""
    encoded = decoder.encode(sources)
    states = {name: encoded.tensors[name] for name in decoder.states}
    outputs = ("attention", *(f"next_{name}" for name in decoder.states))
    steps: list[Array] = []
    for t in range(len(targets[0])):
        rows = sum(len(target) > t for target in targets)
        tokens = [target[t - 1] if t else decoder.begin_token for target in targets[:rows]]
        feeds: dict[str, Array] = {
            "token": np.array(tokens, dtype=np.int32),
            "source_lengths": encoded.lengths[:rows],
            "k": np.array([1], dtype=np.int64),
        }
        feeds |= {name: state[:rows] for name, state in states.items()}
        feeds |= {name: encoded.tensors[name][:rows] for name in decoder.memory}
        output = decoder.step.run(feeds, outputs)
        states = {name: output[f"next_{name}"] for name in decoder.states}
        steps.append(output["attention"])
    return steps
