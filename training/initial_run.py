"""What a classifier takes over from a language model's run: its tokenizer, embedding and LSTM.

Knows nothing about training. Everything is checked before any work begins.
"""

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from service.artifact.tokenizer import Tokenizer
from training.networks.classifier import TextClassifier
from training.recipe import ClassificationRecipe, LanguageModelRecipe, parse_recipe
from training.run_folder import RunError, RunFolder

PARTS = ("embedding.", "recurrent.")  # of the classifier's parameters, by their names


class InitialRun:
    """The run that a recipe's `initial_run` names."""

    def __init__(self, recipe: ClassificationRecipe, path: str) -> None:
        """Raises RunError unless the folder holds weights that the recipe's network can take."""
        self.folder = RunFolder(Path(path))
        self._require_fit(recipe)
        if not self.folder.best.exists():
            raise RunError(
                f"{path} (initial_run) has no weights yet: {self.folder.best.name} comes with its "
                "first look at the validation data"
            )
        # Read once: a language model that is still being trained writes others.
        content = self.folder.best.read_bytes()
        self.digest = hashlib.sha256(content).hexdigest()
        self._weights = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)

    def tokenizer(self) -> Tokenizer:
        return Tokenizer.from_file(self.folder.tokenizer, add_eos=False)

    def load_into(self, network: TextClassifier) -> None:
        """Raises RunError for weights of other sizes."""
        try:
            network.embedding.load_state_dict(_under("embedding.", self._weights))
            network.recurrent.load_state_dict(_under("recurrent.", self._weights))
        except RuntimeError as error:
            raise RunError(f"the network does not fit {self.folder.path}: {error}") from error

    def _require_fit(self, recipe: ClassificationRecipe) -> None:
        path = self.folder.path
        model = parse_recipe(self.folder.read_recipe()["recipe"], str(self.folder.recipe))
        if not isinstance(model, LanguageModelRecipe):
            raise RunError(f"{path} (initial_run) is a run of {model.task}, not of language-model")
        expected = {
            "cell": model.network.cell,
            "embedding_size": model.network.embedding_size,
            "hidden_size": model.network.hidden_size,
            "layers": 1,
            "bidirectional": True,
        }
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
