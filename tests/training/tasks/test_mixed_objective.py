"""The sum of the losses of a batch, and what of a recipe they follow."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, kl_div

from tests.training import small_tasks
from tests.training.networks.batches import token_batch
from training.corpora import FurtherTexts
from training.device import computes_bfloat16
from training.networks.adversarial import embedding_deviation, entropy, perturbation
from training.networks.classifier import TextClassifier
from training.preparation import classification_task
from training.recipe import Objectives, RecipeError, read_recipe
from training.tasks.classification import ClassificationTask, EncodedTexts, UnlabelledTexts
from training.tasks.mixed_objective import MixedObjective

CLASSES = torch.tensor([0, 1, 1, 0, 1])


def small_network(dropout: float = 0.0) -> TextClassifier:
    torch.manual_seed(3)
    network = TextClassifier(41, 2, 6, 5, dropout=dropout, word_dropout=dropout / 2)
    torch.nn.init.normal_(network.head.weight)
    return network


def labels_loss(logits: Tensor) -> Tensor:
    return cross_entropy(logits, CLASSES, reduction="sum")


def losses(network: TextClassifier, labelled: bool = True, **weights: float) -> tuple[float, float]:
    objective = MixedObjective(Objectives.model_validate(weights), torch.full((41,), 1 / 41))
    torch.manual_seed(4)
    batch = token_batch()
    found = objective.losses(network, *batch, labels_loss if labelled else None)
    return float(found.supervised.detach()), float(found.unsupervised.detach())


def test_each_loss_against_its_definition() -> None:
    network = small_network()
    torch.manual_seed(4)
    tokens, lengths = token_batch()
    embedded = network.embed(tokens)
    logits = network.read(embedded, lengths)
    deviation = embedding_deviation(network.embedding.weight, torch.full((41,), 1 / 41))

    def moved(objective: Tensor, norm: float) -> Tensor:
        (gradient,) = torch.autograd.grad(objective, embedded, retain_graph=True)
        steepest = gradient * deviation
        steepest = steepest / steepest.square().sum(dim=(1, 2), keepdim=True).sqrt()
        return network.read(embedded + norm * steepest * deviation, lengths)

    plain = float(labels_loss(logits).detach())
    adversarial = float(labels_loss(moved(labels_loss(logits), 0.7)).detach())
    assert losses(network) == pytest.approx((plain, 0.0))
    found = losses(network, adversarial=2.0, perturbation=0.7)
    assert found == pytest.approx((plain + 2.0 * adversarial, 0.0), rel=1e-4)
    assert adversarial > plain

    shares = logits.softmax(dim=1)
    nats = float(-(shares * shares.log()).sum().detach())
    assert losses(network, entropy=0.5) == pytest.approx((plain, 0.5 * nats), rel=1e-4)
    # Of two classes the perturbation is along the gradient of their difference, either way.
    differences = (logits[:, 1] - logits[:, 0]).sum()
    ways = [
        kl_div(moved(sign * differences, 0.7).log_softmax(dim=1), shares, reduction="none")
        .sum(dim=1)
        .tolist()
        for sign in (1.0, -1.0)
    ]
    low, high = (sum(map(some, *ways)) for some in (min, max))
    _, found_kl = losses(network, virtual_adversarial=1.0, perturbation=0.7)
    assert low * 0.999 <= found_kl <= high * 1.001
    assert low > 0.001


def test_without_labels_there_is_no_adversarial_loss() -> None:
    network = small_network()
    supervised, unsupervised = losses(
        network, labelled=False, adversarial=1.0, virtual_adversarial=1.0, entropy=1.0
    )
    assert supervised == 0.0
    both = losses(network, adversarial=1.0, virtual_adversarial=1.0, entropy=1.0)
    assert unsupervised == both[1] > 0.1


def test_all_passes_share_their_dropout() -> None:
    # With other dropout the answers would differ although nothing is perturbed.
    network = small_network(dropout=0.5)
    tiny = losses(network, virtual_adversarial=1.0, perturbation=1e-6)[1]
    assert tiny == pytest.approx(0.0, abs=1e-5)
    plain = losses(network)[0]
    twice = losses(network, adversarial=1.0, perturbation=1e-6)[0]
    assert twice == pytest.approx(2 * plain, rel=1e-4)


def test_short_texts_are_perturbed_less_where_the_recipe_says_so() -> None:
    network = small_network()
    whole, less = (
        losses(network, virtual_adversarial=1.0, full_perturbation_tokens=tokens)[1]
        for tokens in (0, 100)
    )
    assert 0 < less < 0.5 * whole


@pytest.mark.parametrize(
    "precision",
    [
        torch.float32,
        pytest.param(
            torch.bfloat16,
            marks=pytest.mark.skipif(
                not computes_bfloat16(torch.device("cpu")),
                reason="this processor computes no LSTM in bfloat16",
            ),
        ),
    ],
)
def test_gradients_under_autocast(precision: torch.dtype) -> None:
    network = small_network(dropout=0.3)
    objective = MixedObjective(
        Objectives(adversarial=1.0, virtual_adversarial=1.0, entropy=1.0),
        torch.full((41,), 1 / 41),
    )
    gradients = []
    for low in (False, precision == torch.bfloat16):
        torch.manual_seed(4)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=low):
            found = objective.losses(network, *token_batch(), labels_loss)
        network.zero_grad()
        (found.supervised + found.unsupervised).backward()  # type: ignore[no-untyped-call]
        gradients.append(torch.cat([p.grad.flatten() for p in network.parameters()
                                    if p.grad is not None]))  # fmt: skip
    exact, other = gradients
    assert exact.norm() > 0.1
    cosine = float(exact @ other / exact.norm() / other.norm())
    assert cosine == pytest.approx(1.0, abs=1e-6 if precision == torch.float32 else 0.02)


def test_the_gradient_is_that_of_all_losses() -> None:
    # The adversarial loss goes back through its clean pass once, for two purposes.
    network = small_network(dropout=0.3)
    frequencies = torch.full((41,), 1 / 41)
    network.head.bias.requires_grad_(False)
    parameters = [one for one in network.parameters() if one.requires_grad]
    torch.manual_seed(4)
    tokens, lengths = token_batch()
    weights = Objectives(adversarial=0.7, perturbation=0.5, entropy=0.3)
    found = MixedObjective(weights, frequencies).losses(network, tokens, lengths, labels_loss)
    (2.0 * found.supervised + found.unsupervised).backward()  # type: ignore[no-untyped-call]

    torch.manual_seed(4)
    token_batch()
    embedded = network.embed(tokens)
    torch.randn(len(tokens), 2)
    state = torch.get_rng_state()
    logits = network.read(embedded, lengths)
    plain = labels_loss(logits)
    deviation = embedding_deviation(network.embedding.weight, frequencies)
    (gradient,) = torch.autograd.grad(plain, embedded, retain_graph=True)
    moved = perturbation(gradient, deviation, torch.full((len(tokens),), 0.5))
    torch.set_rng_state(state)
    risen = labels_loss(network.read(embedded + moved, lengths))
    whole = 2.0 * (plain + 0.7 * risen) + 0.3 * entropy(logits)
    for parameter, expected in zip(parameters, torch.autograd.grad(whole, parameters), strict=True):
        assert expected.norm() > 0
        torch.testing.assert_close(parameter.grad, expected)
    assert network.head.bias.grad is None


def row(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int32)


def tiny_task(**weights: Any) -> ClassificationTask:
    recipe = small_tasks.classification_recipe(tokens_per_batch=16)
    train = [EncodedTexts([row(5 + i % 30, 9) for i in range(40)], np.array([0, 1] * 20))]
    others = UnlabelledTexts([row(20, 21 + i % 9, 22, 23) for i in range(9)])
    return ClassificationTask(
        small_network(), train, [None], {}, recipe.training,
        Objectives.model_validate(weights), unlabelled=[others],
    )  # fmt: skip


def test_each_batch_has_unlabelled_texts_where_an_objective_reads_them() -> None:
    task = tiny_task(entropy=1.0, unlabelled_tokens_per_batch=20)
    for epoch in range(2):
        batches = task.epoch(epoch)
        learnt = np.concatenate([batch[batch < 40] for batch in batches])
        assert sorted(learnt.tolist()) == list(range(40))
        others = [batch[batch >= 40] for batch in batches]
        # Nine texts in two batches, again and again.
        assert {len(some) for some in others} == {4, 5}
        assert set(np.concatenate(others).tolist()) == set(range(40, 49))
        assert [b.tolist() for b in batches] == [b.tolist() for b in task.epoch(epoch)]
    assert [b.tolist() for b in task.epoch(0)] != [b.tolist() for b in task.epoch(1)]
    for weights in ({}, {"adversarial": 1.0}):
        assert all((batch < 40).all() for batch in tiny_task(**weights).epoch(0))


def test_the_means_of_a_batch() -> None:
    task = tiny_task(entropy=0.5, unlabelled_tokens_per_batch=20)
    task.network.eval()
    batch = task.epoch(0)[0]
    loss, tokens = task.loss(batch)
    rows = [task._tokens[i] for i in batch]
    assert tokens == sum(map(len, rows))
    logits = torch.cat([
        task.network(torch.tensor(r[None].astype(np.int64)), torch.tensor([len(r)])) for r in rows
    ])  # fmt: skip
    learnt = int((batch < 40).sum())
    classes = torch.from_numpy(batch[:learnt] % 2)
    smoothing = task.settings.label_smoothing
    supervised = cross_entropy(logits[:learnt], classes, label_smoothing=smoothing)
    shares = logits.softmax(dim=1)
    expected = supervised - 0.5 * (shares * shares.log()).sum(dim=1).mean()
    assert float(loss.detach()) == pytest.approx(float(expected.detach()), rel=1e-5)


def test_what_is_off_costs_no_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    passes = 0
    read = TextClassifier.read

    def counted(self: TextClassifier, *embedded: Tensor) -> Tensor:
        nonlocal passes
        passes += 1
        return read(self, *embedded)

    monkeypatch.setattr(TextClassifier, "read", counted)
    for task, expected in (
        (tiny_task(), 1),
        (tiny_task(entropy=1.0), 2),
        (tiny_task(adversarial=1.0), 2),
        (tiny_task(adversarial=1.0, virtual_adversarial=1.0), 5),
    ):
        passes = 0
        task.loss(task.epoch(0)[0])
        assert passes == expected


def test_what_is_learnt_from_decides_the_fingerprint() -> None:
    recipe, tokenizer = small_tasks.mixed_recipe(), small_tasks.text_tokenizer()
    plain = small_tasks.further()
    other_word = replace(plain, probabilities=[shares[:, ::-1] for shares in plain.probabilities])
    other_texts = replace(plain, unlabelled=[["something else"]])

    def fingerprint(further: FurtherTexts) -> str:
        texts = small_tasks.labelled()
        task = classification_task(recipe, small_tasks.LABELS, texts, tokenizer, further)
        return task.fingerprint()

    assert fingerprint(plain) == small_tasks.mixed().fingerprint()
    assert len({fingerprint(some) for some in (plain, other_word, other_texts)}) == 3


def test_held_out_texts_are_refused() -> None:
    sources = [{"source": "imdb", "split": "test"}]
    with pytest.raises(RecipeError, match="imdb test is held out, not to train on"):
        read_recipe("sentiment-bilstm", {"data.unlabelled": sources})
