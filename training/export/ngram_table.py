"""A table of n-grams as ONNX nodes; see `training.networks.ngram_table`."""

import numpy as np

from training.export.layers import Layers, array
from training.networks.ngram_table import MULTIPLIER, NgramTable


def ngram_values(layers: Layers, table: NgramTable, tokens: str, lengths: str, real: str) -> str:
    """What the table says at each position (time x batch x values, zero at padding).

    tokens: time x batch, int32; lengths: batch; real: time x batch x 1, whether a position holds a
    token.
    """
    g = layers.graph
    wide = g.op("Cast", tokens, to=7)
    multiplier, buckets = (
        g.constant(np.array(number, np.int64)) for number in (MULTIPLIER, len(table.pairs))
    )
    # Both lack one end: the pair of two neighbours stands where the first of them did.
    first = g.op("Slice", wide, g.integers(0), g.integers(-1), g.integers(0))
    second = g.op("Slice", wide, g.integers(1), g.integers(2**31), g.integers(0))
    places = g.op("Mod", g.op("Add", g.op("Mul", first, multiplier), second), buckets)
    here = g.op("Cast", real, to=1)
    both_real = g.op("Slice", here, g.integers(1), g.integers(2**31), g.integers(0))
    values = g.op("Mul", layers.looked_up(array(table.tokens), wide), here)
    pairs = g.op("Mul", layers.looked_up(array(table.pairs), places), both_real)
    behind, before = (g.integers(*ends) for ends in ((0, 0, 0, 1, 0, 0), (1, 0, 0, 0, 0, 0)))
    halves = g.op("Add", g.op("Pad", pairs, behind), g.op("Pad", pairs, before))
    values = g.op("Add", values, g.op("Mul", halves, g.constant(np.array(0.5, np.float32))))
    roots = g.op("Sqrt", g.op("Cast", lengths, to=1))
    return g.op("Mul", values, g.op("Unsqueeze", roots, g.integers(1)))
