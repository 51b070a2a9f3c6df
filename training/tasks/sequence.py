"""Sequences of columns for the training loop: windows, their losses and their scores.

Knows nothing about files or recipes; lives in the training loop's thread.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from training.data.batching import TokenBatches
from training.networks.sequence import SequencePredictor, forecasts
from training.recipe import Training
from training.task import Validation
from training.tasks.padding import fingerprint

NO_LABEL = -100  # at steps whose answer does not count
ROWS = 256  # computed at once where nothing is learnt


class Windows(Protocol):
    """Stretches of sequences, and what is to be answered to each."""

    @property
    def lengths(self) -> np.ndarray:
        """Steps of each window."""

    def features(self, window: int) -> np.ndarray:
        """Of its steps: time x features, float32."""

    def arrays(self) -> Iterable[np.ndarray]:
        """Everything that it is made of, for a digest."""


@dataclass(frozen=True)
class LabelWindows:
    """Whole sequences with a class for each step, NO_LABEL where none counts."""

    sequences: Sequence[np.ndarray]  # each time x features, float32
    classes: Sequence[np.ndarray]  # each time, int64

    @property
    def lengths(self) -> np.ndarray:
        return np.array([len(sequence) for sequence in self.sequences], dtype=np.int64)

    @property
    def last(self) -> np.ndarray:
        """The class of each sequence's last step: int64."""
        return np.array([classes[-1] for classes in self.classes], dtype=np.int64)

    def features(self, window: int) -> np.ndarray:
        return self.sequences[window]

    def arrays(self) -> Iterable[np.ndarray]:
        yield from self.sequences
        yield from self.classes


@dataclass(frozen=True)
class ForecastWindows:
    """Stretches of one series, each of as many steps, and what followed every step of them."""

    series: np.ndarray  # steps x features, float32
    values: np.ndarray  # steps x columns, float64: what is forecast, in its own unit
    starts: np.ndarray  # windows, int64
    length: int
    horizon: int

    @property
    def lengths(self) -> np.ndarray:
        return np.full(len(self.starts), self.length, dtype=np.int64)

    def features(self, window: int) -> np.ndarray:
        start = int(self.starts[window])
        return self.series[start : start + self.length]

    def followed(self, windows: np.ndarray) -> np.ndarray:
        """What followed each step: windows x time x horizon x columns, float64."""
        ahead = np.arange(self.length)[:, None] + 1 + np.arange(self.horizon)  # time x horizon
        followed: np.ndarray = self.values[self.starts[windows][:, None, None] + ahead]
        return followed

    def followed_last(self) -> np.ndarray:
        """What followed the last step of every window: windows x horizon x columns, float64."""
        ahead = self.length + np.arange(self.horizon)
        followed: np.ndarray = self.values[self.starts[:, None] + ahead]
        return followed

    def arrays(self) -> Iterable[np.ndarray]:
        yield from (self.series, self.values, self.starts, np.array([self.length, self.horizon]))


def padded(windows: Windows, chosen: np.ndarray, device: torch.device) -> tuple[Tensor, Tensor]:
    """Features (rows x longest x features, 0 behind each end) and lengths (rows, int64)."""
    rows = [windows.features(int(i)) for i in chosen]
    lengths = np.array([len(row) for row in rows], dtype=np.int64)
    together = np.zeros((len(rows), int(lengths.max()), rows[0].shape[1]), dtype=np.float32)
    for i, row in enumerate(rows):
        together[i, : len(row)] = row
    return torch.from_numpy(together).to(device), torch.from_numpy(lengths).to(device)


@torch.no_grad()
def last_answers(network: SequencePredictor, windows: Windows) -> Tensor:
    """The predictor's outputs after each window's last step: windows x outputs, on the CPU."""
    device = network.head.weight.device
    parts = np.array_split(np.arange(len(windows.lengths)), -(-len(windows.lengths) // ROWS))
    outputs = [network.last(*padded(windows, part, device)).float().cpu() for part in parts]
    return torch.cat(outputs)


class LabelTask:
    """``network`` learns the class of every step that has one; its score is the last step's."""

    metric = "accuracy"

    def __init__(
        self,
        network: SequencePredictor,
        train: LabelWindows,
        validation: LabelWindows,
        settings: Training,
        at_each_step: bool,
    ) -> None:
        self.network: SequencePredictor = network
        self._train, self._validation, self._settings = train, validation, settings
        self._at_each_step = at_each_step
        self._batches = TokenBatches(
            train.lengths.tolist(), settings.tokens_per_batch, settings.seed
        )

    def fingerprint(self) -> str:
        return fingerprint(self._train.arrays())

    def epoch(self, epoch: int) -> Sequence[np.ndarray]:
        return self._batches.epoch(epoch)

    def loss(self, batch: np.ndarray) -> tuple[Tensor, int]:
        features, lengths = padded(self._train, batch, self.network.head.weight.device)
        if self._at_each_step:
            logits = self.network(features, lengths).flatten(0, 1)  # rows * time x classes
            classes = np.full(features.shape[:2], NO_LABEL, dtype=np.int64)
            for row, i in enumerate(batch):
                classes[row, : len(self._train.classes[i])] = self._train.classes[i]
        else:
            logits = self.network.last(features, lengths)
            classes = np.array([self._train.classes[i][-1] for i in batch])
        gold = torch.from_numpy(classes).flatten().to(logits.device)
        loss = F.cross_entropy(
            logits.float(), gold, ignore_index=NO_LABEL,
            label_smoothing=self._settings.label_smoothing,
        )  # fmt: skip
        return loss, int(lengths.sum())

    def validate(self) -> Validation:
        logits = last_answers(self.network, self._validation)
        gold = torch.from_numpy(self._validation.last)
        accuracy = float((logits.argmax(dim=1) == gold).float().mean())
        return Validation(accuracy, {"loss": float(F.cross_entropy(logits, gold))})


class ForecastTask:
    """``network`` learns what follows each step from ``shortest`` on; its score is the last step's.

    The loss is the mean absolute error in deviations, so what is forecast is a median.
    """

    metric = "negative error"

    def __init__(
        self,
        network: SequencePredictor,
        train: ForecastWindows,
        validation: ForecastWindows,
        settings: Training,
        places: Sequence[int],
        shortest: int,
    ) -> None:
        """places: of the columns to forecast among the features."""
        self.network: SequencePredictor = network
        self._train, self._validation = train, validation
        self._places, self._shortest = list(places), shortest
        # Windows overlap: an epoch takes so many that it sees each step a few times.
        take = -(-4 * len(train.starts) // train.length)
        self._batches = TokenBatches(
            train.lengths.tolist(),
            settings.tokens_per_batch,
            settings.seed,
            sizes=[len(train.starts)],
            takes=[min(len(train.starts), take)],
        )

    def fingerprint(self) -> str:
        return fingerprint(self._train.arrays())

    def epoch(self, epoch: int) -> Sequence[np.ndarray]:
        return self._batches.epoch(epoch)

    def loss(self, batch: np.ndarray) -> tuple[Tensor, int]:
        features, lengths = padded(self._train, batch, self.network.head.weight.device)
        changes = self.network(features, lengths)  # rows x time x (horizon * columns)
        standard = self.network.standardised(features)
        ahead = forecasts(changes.float(), standard, self._places)
        gold = self._standard(self._train.followed(batch)).to(ahead.device)
        error = (ahead - gold).abs()[:, self._shortest - 1 :]
        return error.mean(), int(lengths.sum())

    def validate(self) -> Validation:
        ahead = last_forecasts(self.network, self._validation, self._places)
        gold = self._standard(self._validation.followed_last())
        errors = (ahead - gold).abs()
        return Validation(-float(errors.mean()), {"next step": float(errors[:, 0].mean())})

    def _standard(self, values: np.ndarray) -> Tensor:
        means = self.network.means.cpu().numpy()[self._places]
        deviations = self.network.deviations.cpu().numpy()[self._places]
        return torch.from_numpy(((values - means) / deviations).astype(np.float32))


@torch.no_grad()
def last_forecasts(
    network: SequencePredictor, windows: ForecastWindows, places: Sequence[int]
) -> Tensor:
    """In deviations: windows x horizon x columns, on the CPU."""
    changes = last_answers(network, windows)
    ends = windows.series[windows.starts + windows.length - 1]  # windows x features
    standard = (torch.from_numpy(ends) - network.means.cpu()) / network.deviations.cpu()
    return forecasts(changes, standard, places)
