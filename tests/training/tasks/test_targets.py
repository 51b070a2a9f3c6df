"""Classes and a teacher's probabilities in one batch."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from training.tasks.targets import Targets, TaughtTexts, tempered

CPU = torch.device("cpu")
CLASSES = np.array([2, 0, 1], dtype=np.int64)


def taught(weight: float = 1.0, temperature: float = 1.0) -> TaughtTexts:
    shares = np.array([[0.7, 0.2, 0.1], [0.0, 1.0, 0.0]], dtype=np.float32)
    rows = [np.array([5, 6], dtype=np.int32)] * 2
    return TaughtTexts(rows, shares, None, weight, temperature)


def test_a_batch_of_both() -> None:
    torch.manual_seed(1)
    logits = torch.randn(4, 3)
    targets = Targets(CLASSES, 3, [taught(0.5, 2.0)], 0.1)
    found = targets.cross_entropy(np.array([3, 1, 4, 2]), CPU)(logits)
    hard = cross_entropy(logits[[1, 3]], torch.tensor([0, 1]), label_smoothing=0.1, reduction="sum")
    # Temperature 2: square roots of the teacher's shares; the loss times four, and the weight.
    roots = torch.tensor([[0.7, 0.2, 0.1], [0.0, 1.0, 0.0]]).sqrt()
    soft = cross_entropy(logits[[0, 2]] / 2, roots / roots.sum(1, keepdim=True), reduction="sum")
    assert float(found) == pytest.approx(float(hard + 0.5 * 4 * soft), rel=1e-5)


def test_labels_alone_are_the_plain_loss() -> None:
    torch.manual_seed(1)
    logits, batch = torch.randn(3, 3), np.array([2, 0, 1])
    alone = Targets(CLASSES, 3, [], 0.1).cross_entropy(batch, CPU)(logits)
    beside = Targets(CLASSES, 3, [taught()], 0.1).cross_entropy(batch, CPU)(logits)
    expected = cross_entropy(
        logits, torch.from_numpy(CLASSES[batch]), label_smoothing=0.1, reduction="sum"
    )
    assert float(alone) == pytest.approx(float(expected), rel=1e-5)
    assert float(beside) == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_a_temperature_divides_the_logits(temperature: float) -> None:
    logits = torch.tensor([[1.0, -2.0, 0.5], [30.0, -30.0, 0.0]], dtype=torch.float64)
    shares = logits.softmax(dim=1).numpy()
    expected = (logits / temperature).softmax(dim=1).float().numpy()
    np.testing.assert_allclose(tempered(shares, temperature), expected, atol=1e-6)
    sure = tempered(np.array([[1.0, 0.0]]), temperature)
    np.testing.assert_allclose(sure, [[1.0, 0.0]], atol=1e-9)


def test_what_a_teacher_says_decides_the_fingerprint_as_weights_do() -> None:
    def arrays(texts: TaughtTexts) -> bytes:
        return b"".join(array.tobytes() for array in Targets(CLASSES, 3, [texts], 0.0).arrays())

    kinds = [taught(), taught(weight=0.5), taught(temperature=2.0)]
    assert len({arrays(texts) for texts in kinds}) == 3
