"""What is drawn is what is asked for, and chance is what it says."""

import pytest
import torch

from training.studies.long_memory.tasks import CUES, NOISE, TASKS, Adding, Recall


def generator(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("gap", [2, 7, 100])
def test_a_recall_asks_for_the_first_symbol_after_others(gap: int) -> None:
    inputs, targets = Recall().draw(400, gap, generator())
    assert inputs.shape == (400, gap + 1, CUES + NOISE)
    assert (inputs.sum(dim=2) == 1).all()
    symbols = inputs.argmax(dim=2)
    assert torch.equal(symbols[:, 0], targets)
    assert set(symbols[:, 0].tolist()) == set(range(CUES))
    assert set(symbols[:, 1:].flatten().tolist()) == set(range(CUES, CUES + NOISE))


@pytest.mark.parametrize("gap", [2, 7, 100])
def test_an_addition_marks_a_number_in_each_half(gap: int) -> None:
    inputs, targets = Adding().draw(400, gap, generator())
    assert inputs.shape == (400, gap, 2)
    numbers, marks = inputs.unbind(dim=2)
    half = gap // 2
    assert (marks[:, :half].sum(dim=1) == 1).all()
    assert (marks[:, half:].sum(dim=1) == 1).all()
    assert (marks.sum(dim=0) > 0).all()  # every place is marked now and then
    torch.testing.assert_close((numbers * marks).sum(dim=1), targets)


@pytest.mark.parametrize("name", list(TASKS))
def test_an_answer_without_memory_is_right_by_chance(name: str) -> None:
    task = TASKS[name]
    _, targets = task.draw(20_000, 10, generator())
    answers = torch.full((20_000, task.outputs), 1.0)
    answers[:, 0] = 1.0 if name == "adding" else 2.0  # always 1, always the first symbol
    right = task.right(answers, targets).float().mean()
    assert float(right) == pytest.approx(task.chance, abs=0.01)
    assert float(task.loss(answers, targets)) > 0.1


def test_right_answers_are_right() -> None:
    _, targets = Recall().draw(50, 3, generator())
    answers = torch.nn.functional.one_hot(targets, CUES).float() * 20
    assert Recall().right(answers, targets).all()
    assert float(Recall().loss(answers, targets)) < 1e-6
    _, targets = Adding().draw(50, 4, generator())
    assert Adding().right(targets[:, None] + 0.09, targets).all()
    assert not Adding().right(targets[:, None] + 0.11, targets).any()
    assert float(Adding().loss(targets[:, None], targets)) == 0


def test_a_seed_draws_the_same_again() -> None:
    for task in TASKS.values():
        first, again, other = (task.draw(5, 9, generator(seed))[0] for seed in (1, 1, 2))
        assert torch.equal(first, again)
        assert not torch.equal(first, other)
