"""Next-word modelling: windows in which each word is predicted once, loss, perplexity."""

import math

import numpy as np
import pytest
import torch

from service.artifact import BOS_ID, EOS_ID
from training.networks.generator import Generator
from training.recipe import Training
from training.tasks.generation import GenerationTask, windows

VOCABULARY = 23


def task() -> GenerationTask:
    torch.manual_seed(1)
    generator = np.random.default_rng(1)
    texts = [generator.integers(4, VOCABULARY, size).tolist() for size in (9, 0, 5, 7, 3)]
    network = Generator(VOCABULARY, 6, 5, dropout=0.0)
    training = Training.model_validate({"epochs": 1, "tokens_per_batch": 16, "learning_rate": 0.01})
    rows = windows(texts, 6)
    return GenerationTask(
        network, [rows[:4], rows[4:]], [None, None], {"one": rows[:3], "two": rows[3:]}, training
    )


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_every_word_and_the_end_is_predicted_once(size: int) -> None:
    texts = [[10, 11, 12, 13, 14], [], [15]]
    cut = windows(texts, size)
    assert all(2 <= len(window) <= size + 1 for window in cut)
    predicted = [token for window in cut for token in window[1:].tolist()]
    assert predicted == [token for text in texts for token in (*text, EOS_ID)]
    assert [w[0] for w in windows(texts, 100)] == [BOS_ID] * 3


@torch.no_grad()
def test_the_loss_is_that_of_each_next_word() -> None:
    looking = task()
    looking.network.eval()
    for batch in looking.epoch(0):
        loss, count = looking.loss(batch)
        nats = []
        for i in batch:
            window = torch.from_numpy(looking._windows[i].astype(np.int64))
            logits = looking.network(window[None, :-1], torch.tensor([len(window) - 1]))[0]
            logs = logits.log_softmax(dim=1)
            nats += [-float(logs[t, word]) for t, word in enumerate(window[1:])]
        assert count == len(nats)
        assert float(loss) == pytest.approx(sum(nats) / len(nats), rel=1e-5)


def test_validation_gives_a_perplexity_of_each_set() -> None:
    looking = task()
    looking.network.eval()
    found = looking.validate()
    losses = [math.log(value) for value in found.details.values()]
    assert list(found.details) == ["one perplexity", "two perplexity"]
    assert found.score == pytest.approx(-sum(losses) / 2)


def test_the_data_and_its_order_have_a_fingerprint() -> None:
    one, other = task(), task()
    assert one.fingerprint() == other.fingerprint()
    other._windows.reverse()
    assert one.fingerprint() != other.fingerprint()
