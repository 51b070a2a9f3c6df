"""The moving average against a sequence computed by hand."""

import pytest
import torch
from torch import nn

from training.averaging import WeightAverage


def network_at(value: float) -> nn.Linear:
    network = nn.Linear(1, 1, bias=False)
    set_to(network, value)
    return network


def set_to(network: nn.Linear, value: float) -> None:
    with torch.no_grad():
        network.weight.fill_(value)


def test_the_average_follows_the_weights() -> None:
    network = network_at(1.0)
    average = WeightAverage(network, decay=0.3)
    expected = 1.0
    # The decay grows to its limit: 2/11, 3/12, then 4/13 > 0.3.
    for value, decay in ((2.0, 2 / 11), (4.0, 3 / 12), (-8.0, 0.3), (1.0, 0.3)):
        set_to(network, value)
        average.update()
        expected = decay * expected + (1 - decay) * value
        with average.applied():
            assert network.weight.item() == pytest.approx(expected)
        assert network.weight.item() == value


def test_the_networks_own_weights_return_after_an_error() -> None:
    network = network_at(3.0)
    average = WeightAverage(network, decay=0.5)
    set_to(network, 5.0)
    average.update()
    with pytest.raises(RuntimeError, match="validation failed"), average.applied():
        assert network.weight.item() != 5.0
        raise RuntimeError("validation failed")
    assert network.weight.item() == 5.0


def test_a_decay_of_zero_is_no_average() -> None:
    network = network_at(3.0)
    average = WeightAverage(network, decay=0.0)
    set_to(network, 5.0)
    average.update()
    with average.applied():
        assert network.weight.item() == 5.0
    assert average.state_dict() == {"updates": 0, "average": []}


def test_a_saved_average_goes_on() -> None:
    network = network_at(1.0)
    average = WeightAverage(network, decay=0.9)
    for value in (2.0, 3.0):
        set_to(network, value)
        average.update()
    other = WeightAverage(network_at(3.0), decay=0.9)
    other.load_state_dict(average.state_dict())
    set_to(network, 7.0)
    average.update()
    with average.applied():
        expected = network.weight.item()
    resumed = network_at(7.0)
    again = WeightAverage(resumed, decay=0.9)
    again.load_state_dict(other.state_dict())
    again.update()
    with again.applied():
        assert resumed.weight.item() == expected
