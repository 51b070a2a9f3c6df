"""The run that another one begins with: its settings, its weights, and whether they fit.

Knows nothing about training. Everything is checked before any work begins.
"""

import hashlib
import io
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from service.artifact import Source
from service.artifact.tokenizer import Tokenizer
from training.recipe import Recipe, parse_recipe
from training.run_folder import RunError, RunFolder
from training.run_settings import RunSettings


class InitialRun(ABC):
    """The run that a recipe's `initial_run` names.

    digest: of its weights, by which a run that begins with them knows them again.
    """

    def __init__(self, recipe: Any, path: str) -> None:
        """Raises RunError unless the folder holds weights that the recipe's network can take."""
        self.folder = RunFolder(Path(path))
        self._facts: Mapping[str, Any] = self.folder.read_recipe()
        self.began: Recipe = parse_recipe(self._facts["recipe"], str(self.folder.recipe))
        self._require_fit(recipe)
        if not self.folder.best.exists():
            raise RunError(
                f"{path} (initial_run) has no weights yet: {self.folder.best.name} comes with its "
                "first look at the validation data"
            )
        # Read once: a run that is still being trained writes others.
        content = self.folder.best.read_bytes()
        self.digest = hashlib.sha256(content).hexdigest()
        self.weights: Mapping[str, Tensor] = torch.load(
            io.BytesIO(content), map_location="cpu", weights_only=True
        )

    @abstractmethod
    def _require_fit(self, recipe: Any) -> None:
        """Raises RunError where the recipe's network cannot take what this run has learnt."""

    @abstractmethod
    def tokenizer(self) -> Tokenizer:
        """What its network reads with."""

    def load_into(self, network: nn.Module) -> None:
        """Raises RunError for weights of other sizes."""
        try:
            self._load(network)
        except RuntimeError as error:
            raise RunError(f"the network does not fit {self.folder.path}: {error}") from error

    def _load(self, network: nn.Module) -> None:
        network.load_state_dict(self.weights)

    def sources(self) -> Sequence[Source]:
        """What it was trained on, which a manifest has to name too."""
        settings = RunSettings.read(self.folder)
        return self._older_sources(settings) if settings.sources is None else settings.sources

    def _older_sources(self, settings: RunSettings) -> Sequence[Source]:
        """Those of a run from before they were recorded."""
        raise RunError(f"{self.folder.path} (initial_run) does not say what it was trained on")

    def begin_again(self, run: RunFolder, digest: str, network: nn.Module) -> None:
        """The weights that ``run``, which has no checkpoint yet, began with.

        digest: of these. Raises RunError where they are gone.
        """
        if self.digest != digest:
            raise RunError(
                f"{self.folder.path} has other weights than when {run.path} began with it, and "
                "that run has no checkpoint yet; start a new run instead"
            )
        self.load_into(network)

    def _require_same(self, network: Any, expected: Mapping[str, object]) -> None:
        """Raises RunError for settings of the recipe's network that are not those expected."""
        wrong = [
            f"network.{name} is {getattr(network, name)}, there {value}"
            for name, value in expected.items()
            if getattr(network, name) != value
        ]
        if wrong:
            raise RunError(
                f"the network does not fit {self.folder.path} (initial_run): {'; '.join(wrong)}"
            )
