"""The run that another one begins with: its settings, its weights, and whether they fit.

Knows nothing about training. What can be checked before any work begins is checked then.
"""

import hashlib
import io
import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn

from service.artifact import Source
from service.artifact.tokenizer import Tokenizer
from training.corpora import is_public
from training.data.checksums import digest_of
from training.origin import Origin
from training.recipe import Recipe
from training.run_folder import RunError, RunFolder
from training.run_settings import RunSettings

_log = logging.getLogger(__name__)


class InitialRun(ABC):
    """The run that a recipe's `initial_run` names.

    settings: what it wrote down of itself; began: the recipe among them. digest: of its weights,
    by which a run that begins with them knows them again.
    """

    @classmethod
    def named_by(cls, recipe: Any) -> Self | None:
        """The run that a recipe begins with, or None. Raises as the class does."""
        return None if recipe.initial_run is None else cls(recipe, recipe.initial_run)

    @classmethod
    def restore(cls, run: RunFolder, settings: RunSettings, network: nn.Module) -> None:
        """Gives the network of a run the weights that it began with.

        One that has a checkpoint needs none. Raises RunError where they are gone.
        """
        if run.checkpoint.exists():
            return
        initial = cls.named_by(settings.recipe)
        if initial is None:
            return
        if initial.digest != settings.facts["initial_digest"]:
            raise RunError(
                f"{initial.folder.path} has other weights than when {run.path} began with it, and "
                "that run has no checkpoint yet; start a new run instead"
            )
        initial.load_into(network)

    def __init__(self, recipe: Any, path: str) -> None:
        """Raises RunError unless the folder holds weights that the recipe's network can take."""
        self.folder = RunFolder(Path(path))
        self.settings = RunSettings.recorded(self.folder)
        self.began: Recipe = self.settings.recipe
        self._require_fit(recipe)
        self._require_held_out(recipe)
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
        """What it was trained on, which a manifest has to name too. Raises DataError."""
        recorded = self.settings.sources
        return self._older_sources(self.settings.origin.root) if recorded is None else recorded

    @abstractmethod
    def _older_sources(self, root: Path) -> Sequence[Source]:
        """Those of a run from before they were recorded. root: of the datasets."""

    def warn_of_overlap(self, recipe: Any, origin: Origin) -> None:
        """Logs that scores may be too good, where a user's rows may be split in another way."""
        theirs, mine = self.settings.origin.own, origin.own
        if mine is None:
            return
        if theirs is None:
            self._warn_of_files(mine.file.name)
            return
        columns = ("text_column", "label_column", "source_column", "target_column")
        if (
            digest_of(mine.file) != self.settings.own_digest
            or recipe.training.seed != self.began.training.seed
            or any(getattr(mine, name) != getattr(theirs, name) for name in columns)
        ):
            _log.warning(
                "%s (initial_run) was trained on rows of %s: any of them that %s has too may be "
                "held out now, and scores on those are too good. With the same file, columns and "
                "training.seed the same rows are held out",
                self.folder.path, theirs.file.name, mine.file.name,
            )  # fmt: skip

    def _warn_of_files(self, mine: str) -> None:
        """Of a published version it is known what its files were called, not what was in them."""
        sources = self.settings.sources or ()
        if files := [source.name for source in sources if not is_public(source.name)]:
            _log.warning(
                "%s (initial_run) was trained on %s: if %s has rows of that, some may be held out "
                "now, and scores on those are too good. With the same file, columns and "
                "training.seed the same rows are held out",
                self.folder.path, ", ".join(files), mine,
            )  # fmt: skip

    def _require_held_out(self, recipe: Any) -> None:
        """Raises RunError where the recipe holds out what this run was trained on."""
        trained = {one.name for one in self.settings.sources or ()}
        if both := sorted(trained & recipe.data.held_out_names):
            raise RunError(
                f"{self.folder.path} (initial_run) was trained on {', '.join(both)}, which the "
                "recipe holds out; hold out others, or begin with another run"
            )

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
