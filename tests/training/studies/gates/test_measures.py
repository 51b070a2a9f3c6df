"""The measures of a batch are those of a plain loop over its texts, tokens and units."""

import numpy as np
import pytest

from service.explanation.contributions import Pooling
from service.explanation.gates import Gates
from training.studies.gates.measures import BY_UNITS, STEPS, evidence, head_use, unit_measures

LENGTHS = np.array([9, 14, 1])
UNITS = 3


def batch(backwards: bool) -> tuple[Gates, np.ndarray]:
    """Gates that make a cell: at random, and padded with what must not matter."""
    random = np.random.default_rng(3)
    shape = (int(LENGTHS.max()), len(LENGTHS), UNITS)
    i, f, o = (random.uniform(0.05, 0.95, shape).astype(np.float32) for _ in range(3))
    candidate = random.uniform(-1, 1, shape).astype(np.float32)
    start = np.array([0.5, -2.0, 0.0], np.float32)
    cells = np.full(shape, 77, np.float32)
    for row, length in enumerate(LENGTHS.tolist()):
        cell = start
        for t in range(length)[:: -1 if backwards else 1]:
            cell = f[t, row] * cell + i[t, row] * candidate[t, row]
            cells[t, row] = cell
    return Gates(i, f, o, candidate, cells, o * np.tanh(cells)), start


def by_hand(
    gates: Gates, start: np.ndarray, row: int, t: int, backwards: bool, weights: np.ndarray
) -> dict[str, float]:
    """The measures of one token, unit by unit; NaN for what has no meaning there."""
    length, step = int(LENGTHS[row]), -1 if backwards else 1
    found = dict.fromkeys(BY_UNITS, 0.0)
    kept = held = 0.0
    for unit, weight in enumerate(weights.tolist()):
        i, f, o, candidate = (
            float(part[t, row, unit])
            for part in (gates.input, gates.forget, gates.output, gates.candidate)
        )
        before = float(gates.cell[t - step, row, unit]) if 0 <= t - step < length else start[unit]
        left = [abs(i * candidate)]
        for later in range(1, STEPS + 1):
            place = t + later * step
            gate = float(gates.forget[place, row, unit]) if 0 <= place < length else np.nan
            left.append(left[-1] * gate)
        for name, value in zip(BY_UNITS, (i, f, o, left[0]), strict=False):
            found[name] += weight * value
        kept, held = kept + weight * abs(f * before), held + weight * abs(before)
        found["left_1"] += weight * left[1]
        found[f"left_{STEPS}"] += weight * left[STEPS]
    found[f"remaining_{STEPS}"] = found[f"left_{STEPS}"]
    found["kept"] = kept / held
    found["left_1"] /= found["written"]
    found[f"left_{STEPS}"] /= found["written"]
    return found


@pytest.mark.parametrize("backwards", [False, True])
def test_measures_are_those_of_a_loop(backwards: bool) -> None:
    gates, start = batch(backwards)
    weights = np.array([[1 / 3, 0.7], [1 / 3, 0.1], [1 / 3, 0.2]], np.float32)
    measured = unit_measures(gates, start, LENGTHS, backwards, weights)
    assert measured.shape == (len(BY_UNITS), 14, len(LENGTHS), 2)
    for row, length in enumerate(LENGTHS.tolist()):
        for t in range(length):
            for column in (0, 1):
                wanted = by_hand(gates, start, row, t, backwards, weights[:, column])
                for name, value in zip(BY_UNITS, measured[:, t, row, column], strict=True):
                    if not np.isnan(wanted[name]):
                        assert value == pytest.approx(wanted[name], rel=1e-5), (name, row, t)


def test_a_head_uses_a_state_by_what_it_tells_apart() -> None:
    weight = np.array([[1.0, -1.0], [5.0, 5.0], [0.0, 3.0]])
    np.testing.assert_allclose(head_use(weight, "max", 3), [1, 0, 1.5])
    with pytest.raises(ValueError, match="3 weights a class for 3 states"):
        head_use(weight, "max+mean", 3)


@pytest.mark.parametrize("pooling", ["max", "mean", "max+mean"])
def test_evidence_is_shared_out_among_the_tokens(pooling: Pooling) -> None:
    states = np.random.default_rng(1).normal(size=(7, 4))
    shares = evidence(states, np.arange(1.0, 9 if pooling == "max+mean" else 5), pooling)
    assert shares.shape == (7,)
    assert shares.sum() == pytest.approx(7)
    assert (shares >= 0).all()


def test_evidence_of_maxima_stands_where_they_were_won() -> None:
    states = np.array([[0.1, 0.9], [0.5, 0.9], [-0.2, 0.0]])
    shares = evidence(states, np.array([2.0, 1.0]), "max")
    np.testing.assert_allclose(shares, np.array([0.9, 1.0, 0]) * 3 / 1.9)
    np.testing.assert_array_equal(evidence(states, np.zeros(2), "max"), np.zeros(3))
