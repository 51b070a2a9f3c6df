"""Language modelling: windows, the sampled softmax beside the full one, perplexity."""

import math
from collections import Counter

import numpy as np
import pytest
import torch

from tests.training import small_tasks
from training.networks.language_model import LanguageModel
from training.recipe import Training
from training.tasks.language_modelling import LanguageModellingTask, drawing_rate, windows

VOCABULARY = 23


def task(negatives: int, words: int = VOCABULARY, **settings: float) -> LanguageModellingTask:
    """Random rows over the first ``words`` of the vocabulary."""
    torch.manual_seed(1)
    generator = np.random.default_rng(1)
    rows = [generator.integers(4, words, size).astype(np.int32) for size in (9, 2, 5, 7, 3, 4)]
    network = LanguageModel(VOCABULARY, 6, 5, dropout=0.0)
    torch.nn.init.normal_(network.embedding.weight)
    torch.nn.init.normal_(network.bias)
    training = Training.model_validate(
        {"epochs": 1, "tokens_per_batch": 16, "learning_rate": 0.01} | settings
    )
    return LanguageModellingTask(
        network, [rows[:4], rows[4:]], [None, None], {"one": rows[:3], "two": rows[3:]},
        negatives, training,
    )  # fmt: skip


def brute_force(network: LanguageModel, row: np.ndarray) -> list[float]:
    """Nats of each prediction of a window over the whole vocabulary, both directions."""
    tokens = torch.from_numpy(row.astype(np.int64))[None]
    ahead, back = network(tokens, torch.tensor([len(row)]))
    everything = torch.arange(VOCABULARY)
    losses = []
    for queries, words in ((ahead, row[1:]), (back, row[:-1])):
        logs = network.scores(queries[0], everything).log_softmax(dim=1)
        losses += [-float(logs[place, word]) for place, word in enumerate(words)]
    return losses


def test_windows_hold_every_token_but_a_lonely_last_one() -> None:
    rows = [np.arange(length) for length in (1, 2, 7, 8, 9)]
    cut = windows(rows, 4)
    assert [window.tolist() for window in cut] == [
        [0, 1], [0, 1, 2, 3], [4, 5, 6], [0, 1, 2, 3], [4, 5, 6, 7], [0, 1, 2, 3], [4, 5, 6, 7],
    ]  # fmt: skip


@torch.no_grad()
def test_with_the_whole_vocabulary_drawn_the_loss_is_the_full_softmax() -> None:
    # The rows use half of the vocabulary: words that never occur are in the softmax as well.
    looking = task(negatives=10_000, words=12)
    looking.network.eval()
    for batch in looking.epoch(0):
        loss, tokens = looking.loss(batch)
        rows = [looking._windows[i] for i in batch]
        expected = [nats for row in rows for nats in brute_force(looking.network, row)]
        assert float(loss) == pytest.approx(np.mean(expected), rel=1e-5)
        assert tokens == sum(map(len, rows))


@torch.no_grad()
def test_the_perplexity_is_that_of_the_full_softmax() -> None:
    looking = task(negatives=3)
    looking.network.eval()
    validation = looking.validate()
    means = []
    for name, rows in looking.validation.items():
        nats = [nats for row in rows for nats in brute_force(looking.network, row)]
        means.append(np.mean(nats))
        perplexity = validation.details[f"{name} perplexity"]
        assert perplexity == pytest.approx(math.exp(means[-1]), rel=1e-5)
    assert validation.score == pytest.approx(-np.mean(means), rel=1e-5)


def test_how_likely_a_word_is_drawn() -> None:
    weights = np.arange(1, 41) ** -0.75
    weights /= weights.sum()
    for count in (3, 12, 35):
        expected = -np.expm1(-drawing_rate(weights, count) * weights)
        assert expected.sum() == pytest.approx(count)
        torch.manual_seed(1)
        drawn: Counter[int] = Counter()
        for _ in range(4000):
            drawn.update(torch.multinomial(torch.from_numpy(weights), count).tolist())
        shares = np.array([drawn[word] / 4000 for word in range(40)])
        np.testing.assert_allclose(shares, expected, atol=0.04)
    assert drawing_rate(weights, 40) == drawing_rate(weights, 41) == math.inf


@torch.no_grad()
def test_the_correction_is_the_share_of_steps_at_which_a_word_is_a_candidate() -> None:
    looking = task(negatives=4)
    torch.manual_seed(1)
    counts = np.bincount(np.concatenate(looking._windows), minlength=VOCABULARY) + 1
    shares = torch.from_numpy(counts / counts.sum())
    steps, batch = 4000, 6
    seen = torch.zeros(VOCABULARY)
    for _ in range(steps):
        words = torch.multinomial(shares, batch, replacement=True)
        drawn = torch.multinomial(looking._weights, 4)
        candidates, places = looking._candidates(words, drawn)
        assert torch.equal(candidates[places], words)
        seen[candidates] += 1
    expected = looking._log_expected(torch.arange(VOCABULARY), batch).exp()
    torch.testing.assert_close(expected, seen / steps, rtol=0, atol=0.04)


def test_a_sampled_softmax_learns_the_full_one() -> None:
    # A network that reads nothing can only learn how often each word occurs; it must learn that
    # and not some power of it, whatever few words a step draws.
    generator = np.random.default_rng(1)
    shares = np.arange(1, 20) ** -1.0
    shares /= shares.sum()
    rows = [(4 + generator.choice(19, 20, p=shares)).astype(np.int32) for _ in range(200)]
    torch.manual_seed(1)
    network = LanguageModel(VOCABULARY, 2, 2, dropout=0.0)
    torch.nn.init.zeros_(network.embedding.weight).requires_grad_(False)
    training = Training(epochs=1, tokens_per_batch=40, learning_rate=0.01)
    looking = LanguageModellingTask(network, [rows], [None], {"same": rows}, 3, training)
    optimizer = torch.optim.Adam([network.bias], lr=0.03)
    for epoch in range(6):
        for batch in looking.epoch(epoch):
            optimizer.zero_grad()
            looking.loss(batch)[0].backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        optimizer.param_groups[0]["lr"] *= 0.5
    learnt = network.bias.detach().softmax(dim=0)[4:].numpy()
    np.testing.assert_allclose(learnt, shares, rtol=0.25, atol=0.01)


def test_it_learns() -> None:
    torch.manual_seed(1)
    looking = small_tasks.language_modelling()
    looking.network.eval()
    with torch.no_grad():
        before = looking.validate().score
    looking.network.train()
    optimizer = torch.optim.Adam(looking.network.parameters(), lr=0.01)
    for epoch in range(6):
        for batch in looking.epoch(epoch):
            optimizer.zero_grad()
            looking.loss(batch)[0].backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    looking.network.eval()
    with torch.no_grad():
        assert looking.validate().score > before + 1.0


def test_unseen_data_is_another_fingerprint() -> None:
    first, again, other = (small_tasks.language_modelling(data).fingerprint() for data in (1, 1, 2))
    assert first == again != other
