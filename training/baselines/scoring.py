"""Trains a baseline on a recipe's data and measures it as published models are measured.

Knows nothing about what a baseline does with the texts.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch

from training.baselines.baseline import Baseline
from training.corpora import Corpora
from training.data.examples import LabelledText
from training.evaluation import Measured, class_indices, score_shares
from training.export.calibration import best_temperature

Shares = Callable[[Sequence[str]], np.ndarray]  # texts to texts x classes


def trained_baseline(
    baseline: Baseline, corpora: Corpora[LabelledText], labels: Sequence[str]
) -> Shares:
    """Calibrated probabilities of a baseline that was trained on all training sources whole.

    Its temperature is fitted on the validation sets, as that of a published classifier is, so
    that their calibration errors can be compared.
    """
    examples = [example for part in corpora.train for example in part]
    baseline.fit(*_columns(examples, labels, "the training data"))
    held_out = [_columns(part, labels, name) for name, part in corpora.validation.items()]
    logits = [_logits(baseline.probabilities(texts)) for texts, _ in held_out]
    temperature = best_temperature(logits, [torch.from_numpy(gold) for _, gold in held_out])

    def shares(texts: Sequence[str]) -> np.ndarray:
        scaled: np.ndarray = torch.softmax(
            _logits(baseline.probabilities(texts)) / temperature, dim=1
        ).numpy()
        return scaled

    return shares


def score_classifier(
    shares: Shares, sets: Mapping[str, Sequence[LabelledText]], labels: Sequence[str]
) -> list[Measured]:
    """Accuracy, macro F1 and calibration error of each set, in percent."""
    measured = []
    for name, examples in sets.items():
        texts, gold = _columns(examples, labels, name)
        measured += score_shares(name, shares(texts), gold)
    return measured


def _columns(
    examples: Sequence[LabelledText], labels: Sequence[str], name: str
) -> tuple[list[str], np.ndarray]:
    return [example.text for example in examples], class_indices(examples, labels, name)


def _logits(shares: np.ndarray) -> torch.Tensor:
    """Log-probabilities (rows x classes); those of impossible classes stay finite."""
    return torch.from_numpy(np.log(np.maximum(shares, 1e-12)))
