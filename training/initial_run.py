"""What a classifier takes over from another run.

A language model gives its tokenizer, embedding and LSTM; a classifier its head too, so that it is
trained further. Knows nothing about training. Everything is checked before any work begins.
"""

import hashlib
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from service.artifact.tokenizer import Tokenizer
from training.networks.classifier import TextClassifier
from training.recipe import ClassificationRecipe, LanguageModelRecipe, Recipe, parse_recipe
from training.run_folder import RunError, RunFolder

PARTS = ("embedding.", "recurrent.")  # of the classifier's parameters, by their names


class InitialRun:
    """The run that a recipe's `initial_run` names."""

    def __init__(self, recipe: ClassificationRecipe, path: str) -> None:
        """Raises RunError unless the folder holds weights that the recipe's network can take."""
        self.folder = RunFolder(Path(path))
        self._facts = self.folder.read_recipe()
        began = parse_recipe(self._facts["recipe"], str(self.folder.recipe))
        self.gives_head = isinstance(began, ClassificationRecipe)
        self._require_fit(recipe, began)
        if not self.folder.best.exists():
            raise RunError(
                f"{path} (initial_run) has no weights yet: {self.folder.best.name} comes with its "
                "first look at the validation data"
            )
        # Read once: a run that is still being trained writes others.
        content = self.folder.best.read_bytes()
        self.digest = hashlib.sha256(content).hexdigest()
        self._weights = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)

    def tokenizer(self) -> Tokenizer:
        return Tokenizer.from_file(self.folder.tokenizer, add_eos=False)

    def require_labels(self, labels: Sequence[str]) -> None:
        """Raises RunError where a head is taken over that has other labels."""
        if self.gives_head and (theirs := tuple(self._facts["labels"])) != tuple(labels):
            raise RunError(
                f"{self.folder.path} (initial_run) has the labels {', '.join(theirs)}, the data "
                f"{', '.join(labels)}: begin with a classifier of the same labels in that order, "
                "or with a language model"
            )

    def load_into(self, network: TextClassifier) -> None:
        """Raises RunError for weights of other sizes."""
        try:
            if self.gives_head:
                network.load_state_dict(self._weights)
                return
            network.embedding.load_state_dict(_under("embedding.", self._weights))
            network.recurrent.load_state_dict(_under("recurrent.", self._weights))
        except RuntimeError as error:
            raise RunError(f"the network does not fit {self.folder.path}: {error}") from error

    def _require_fit(self, recipe: ClassificationRecipe, began: Recipe) -> None:
        path = self.folder.path
        if not isinstance(began, LanguageModelRecipe | ClassificationRecipe):
            raise RunError(
                f"{path} (initial_run) is a run of {began.task}, neither of language-model nor of "
                "classification"
            )
        expected: dict[str, object] = {
            "cell": began.network.cell,
            "embedding_size": began.network.embedding_size,
            "hidden_size": began.network.hidden_size,
            "layers": 1,
            "bidirectional": True,
        }
        if isinstance(began, ClassificationRecipe):
            theirs = began.network
            expected |= {name: getattr(theirs, name) for name in ("layers", "bidirectional")}
            expected["pooling"] = theirs.pooling
        wrong = [
            f"network.{name} is {getattr(recipe.network, name)}, there {value}"
            for name, value in expected.items()
            if getattr(recipe.network, name) != value
        ]
        if wrong:
            raise RunError(f"the network does not fit {path} (initial_run): {'; '.join(wrong)}")


def _under(prefix: str, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights of a part of a network, by their names inside it."""
    return {
        name.removeprefix(prefix): value
        for name, value in weights.items()
        if name.startswith(prefix)
    }
