"""What the gates of one direction of an LSTM do at every token, as one number each. Pure: arrays.

The cell is c_t = f_t ⊙ c_{t-1} + i_t ⊙ c̃_t: a token writes i ⊙ c̃, and every later forget gate keeps
a share of it. All numbers are means over units, each unit with its weight. Knows nothing of words.
"""

from typing import Literal

import numpy as np

from service.explanation.gates import Gates

Array = np.ndarray
STEPS = 5  # after which "left" is measured a second time
BY_UNITS = (
    *("input", "forget", "output", "written", "kept"),
    *("left_1", f"left_{STEPS}", f"remaining_{STEPS}"),
)
EVIDENCE = "evidence"
DESCRIPTIONS = {
    "input": "input gate i",
    "forget": "forget gate f",
    "output": "output gate o",
    "written": "size of what it writes, i ⊙ c̃",
    "kept": "share of the cell that it keeps",
    "left_1": "share of what it wrote left a step later",
    f"left_{STEPS}": f"share of what it wrote left {STEPS} steps later",
    f"remaining_{STEPS}": f"size of what it wrote {STEPS} steps later",
    EVIDENCE: "share of the pooled evidence, 1 if all tokens had the same",
}


def unit_measures(
    gates: Gates, start: Array, lengths: Array, backwards: bool, weights: Array
) -> Array:
    """The measures `BY_UNITS` at every token (measures x time x batch x weightings).

    gates: time x batch x units, in the text's order; start: units, the cell before the first token;
    lengths: batch; weights: units x weightings, each column summing to 1. Shares have no meaning
    where there is nothing to share: `kept` at the first token read, `left` within STEPS of the last
    one read; and nothing has one in the padding.
    """
    written = np.abs(gates.input * gates.candidate)
    before = np.abs(_read_before(gates.cell, start, lengths, backwards))
    first, last = _left(gates.forget, written, backwards, weights)
    wrote = _mean(written, weights)
    return np.stack([
        _mean(gates.input, weights),
        _mean(gates.forget, weights),
        _mean(gates.output, weights),
        wrote,
        _share(_mean(gates.forget * before, weights), _mean(before, weights)),
        _share(first, wrote),
        _share(last, wrote),
        last,
    ])  # fmt: skip


def head_use(head_weight: Array, pooling: Literal["max", "mean", "max+mean"], states: int) -> Array:
    """How much each state counts for the answer (pooled: maxima, then means).

    head_weight: pooled x classes. What moves all classes alike changes no answer, so a state counts
    by the standard deviation of its weights over the classes; of two, half their difference.
    """
    use: Array = head_weight.astype(np.float64).std(axis=1)
    expected = states * (2 if pooling == "max+mean" else 1)
    if len(use) != expected:
        raise ValueError(f"the head has {len(use)} weights a class for {states} states ({pooling})")
    return use


def evidence(states: Array, use: Array, pooling: Literal["max", "mean", "max+mean"]) -> Array:
    """The share of a text's pooled evidence that stands at each token, times their number (time).

    states: time x states of one direction; use: pooled, as `head_use` gives it. Each pooled value
    counts by its size times its use: a maximum at the token that won it, a mean at all by their
    parts. 1 is what a token would have if all had the same.
    """
    time, units = states.shape
    parts = np.zeros(time)
    if "max" in pooling:
        winners = states.argmax(axis=0)  # units
        np.add.at(parts, winners, np.abs(states[winners, np.arange(units)]) * use[:units])
    if "mean" in pooling:
        parts += np.abs(states) @ use[-units:] / time
    total = parts.sum()
    return parts * (time / total) if total else parts


def _mean(values: Array, weights: Array) -> Array:
    """time x batch x units to time x batch x weightings."""
    mean: Array = (values.reshape(-1, values.shape[-1]) @ weights).reshape(*values.shape[:2], -1)
    return mean


def _share(part: Array, whole: Array) -> Array:
    share: Array = np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
    return share


def _read_before(cell: Array, start: Array, lengths: Array, backwards: bool) -> Array:
    """The cell as each token found it (time x batch x units)."""
    before = np.empty_like(cell)
    if backwards:
        before[:-1] = cell[1:]
        before[lengths - 1, np.arange(len(lengths))] = start
    else:
        before[1:] = cell[:-1]
        before[0] = start
    return before


def _left(forget: Array, written: Array, backwards: bool, weights: Array) -> tuple[Array, Array]:
    """What is left of what was written after the next step, and after STEPS of them."""
    left = written.copy()
    for step in range(1, STEPS + 1):
        # The gates of the token that is read so many steps later; beyond the edge nothing changes.
        if backwards:
            left[step:] *= forget[:-step]
        else:
            left[:-step] *= forget[step:]
        if step == 1:
            first = _mean(left, weights)
    return first, _mean(left, weights)
