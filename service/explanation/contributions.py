"""Splits a logit over the positions that were pooled. Pure: arrays in, arrays out.

A head that is linear over pooled states gives logit = b + Σ_u w_u p_u, so the logit is a sum over
units, and each unit's part belongs to the position that it was pooled from: with max pooling to
the one that won (the first of equals), with the mean to every position by its share. Nothing is
approximated.
"""

from typing import Literal

import numpy as np

Array = np.ndarray
Pooling = Literal["max", "mean", "max+mean"]


def split_logit(states: Array, weight: Array, pooling: Pooling) -> Array:
    """What each position adds to a logit, without the bias (time, float64).

    states: time x units, of one text, without padding; weight: pooled, the head's column of that
    logit, where the maxima come before the means.
    """
    time, units = states.shape
    states, weight = states.astype(np.float64), weight.astype(np.float64)
    parts = np.zeros(time)
    if "max" in pooling:
        winners = states.argmax(axis=0)  # units; the first of equals
        np.add.at(parts, winners, states[winners, np.arange(units)] * weight[:units])
    if "mean" in pooling:
        parts += states @ weight[-units:] / time
    return parts
