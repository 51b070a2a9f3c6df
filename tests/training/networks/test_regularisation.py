"""Word dropout: only while training, never a special token, as often as asked."""

import torch

from training.networks.regularisation import WordDropout

UNKNOWN = 3


def test_it_drops_words_at_its_rate_and_no_special_token() -> None:
    torch.manual_seed(1)
    tokens = torch.randint(0, 30, (200, 100))
    dropped = WordDropout(0.25, UNKNOWN)(tokens)
    special = tokens < 4
    assert torch.equal(dropped[special], tokens[special])
    changed = dropped != tokens
    assert (dropped[changed] == UNKNOWN).all()
    rate = float(changed[~special].float().mean())
    assert abs(rate - 0.25) < 0.01  # three standard deviations


def test_it_draws_anew_every_time_and_keeps_its_input() -> None:
    torch.manual_seed(2)
    tokens = torch.full((10, 10), 7)
    noise = WordDropout(0.5, UNKNOWN)
    assert not torch.equal(noise(tokens), noise(tokens))
    assert (tokens == 7).all()


def test_it_is_for_training_alone() -> None:
    tokens = torch.full((10, 10), 7)
    assert torch.equal(WordDropout(0.9, UNKNOWN).eval()(tokens), tokens)
    assert torch.equal(WordDropout(0.0, UNKNOWN)(tokens), tokens)
