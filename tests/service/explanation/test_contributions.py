"""A logit splits exactly over the positions that were pooled."""

import numpy as np
import pytest

from service.explanation.contributions import Pooling, split_logit


def pooled(states: np.ndarray, pooling: Pooling) -> np.ndarray:
    parts = {"max": states.max(axis=0), "mean": states.mean(axis=0)}
    return np.concatenate([parts[name] for name in pooling.split("+")])


@pytest.mark.parametrize("pooling", ["max", "mean", "max+mean"])
@pytest.mark.parametrize("time", [1, 2, 37])
def test_the_parts_add_up_to_the_logit(pooling: Pooling, time: int) -> None:
    generator = np.random.default_rng(time)
    states = generator.uniform(-1, 1, (time, 24)).astype(np.float32)
    weight = generator.normal(size=24 * (1 + (pooling == "max+mean"))).astype(np.float32)
    parts = split_logit(states, weight, pooling)
    assert parts.shape == (time,)
    assert parts.sum() == pytest.approx(float(pooled(states, pooling) @ weight), abs=1e-5)


def test_the_position_that_won_a_unit_gets_it_and_of_equals_the_first() -> None:
    states = np.array([[0.1, 0.5, -0.4], [0.9, 0.5, -0.2], [0.9, 0.5, -0.3]])  # time x units
    np.testing.assert_allclose(split_logit(states, np.array([1, 10, 100]), "max"), [5, -19.1, 0])


def test_each_position_has_its_share_of_a_mean() -> None:
    states = np.array([[0.2, 0.4], [0.6, -0.2]])
    np.testing.assert_allclose(split_logit(states, np.array([1, 10]), "mean"), [2.1, -0.7])


def test_maxima_stand_before_means() -> None:
    states = np.array([[0.2], [0.6]])
    np.testing.assert_allclose(split_logit(states, np.array([1, 100]), "max+mean"), [10, 30.6])
