"""What a look at the validation data says of a network."""

import numpy as np
import pytest
import torch

from tests.training import small_tasks
from training.data.examples import LabelledText
from training.preparation import encode_texts
from training.tasks.classification import ClassificationTask, logits_of


def test_logits_come_in_the_order_of_the_rows() -> None:
    network = small_tasks.classification().network.eval()
    rows = [np.arange(4, 4 + length, dtype=np.int32) for length in (7, 2, 30, 1, 12)]
    together = logits_of(network, rows, tokens_per_batch=40)
    alone = torch.cat([logits_of(network, [row]) for row in rows])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-6)


def test_accuracy_is_the_mean_over_the_sets() -> None:
    task = small_tasks.classification()
    network, tokenizer = task.network.eval(), small_tasks.text_tokenizer()
    texts = ["good", "bad", "the film was dull"]
    chosen = logits_of(network, [np.array(tokenizer.encode(text)) for text in texts]).argmax(dim=1)
    right = [small_tasks.LABELS[int(c)] for c in chosen]
    wrong = [small_tasks.LABELS[1 - int(c)] for c in chosen]
    sets = {
        "right": [LabelledText(*pair) for pair in zip(texts, right, strict=True)],
        "half": [LabelledText(texts[0], right[0]), LabelledText(texts[1], wrong[1])],
    }
    encoded = {
        name: encode_texts(part, small_tasks.LABELS, tokenizer) for name, part in sets.items()
    }
    looking = ClassificationTask(network, [encoded["right"]], [None], encoded, task.settings)
    validation = looking.validate()
    assert validation.score == pytest.approx(0.75)
    assert validation.details["right"] == 1.0
    assert validation.details["half"] == 0.5
    assert validation.details["loss"] > 0


def test_a_translator_is_looked_at_with_bleu_and_attention() -> None:
    task = small_tasks.translation()
    task.network.eval()
    validation = task.validate()
    assert 0 <= validation.score <= 100
    assert len(validation.attention) == 3
    for example in validation.attention:
        weights = np.array(example["weights"], ndmin=2)
        assert weights.shape == (len(example["target"]), len(example["source"]))
        assert example["source"][-1] == "</s>"
        np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=0.01)
