"""What a classifier takes over from another run.

A language model gives its tokenizer, embedding and LSTM; a classifier its head too, so that it is
trained further. A head over one pooling is taken over into one over both with zeros for the other:
the network begins with the same answers. A table of n-grams is left behind: it is fitted to a
network that has been trained.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from service.artifact import Source
from service.artifact.tokenizer import Tokenizer
from training.corpora import text_corpora
from training.initial.run import InitialRun
from training.networks.classifier import Pooling
from training.recipe import ClassificationRecipe, LanguageModelRecipe
from training.run_folder import RunError

PARTS = ("embedding.", "recurrent.")  # of the classifier's parameters, by their names


class InitialClassifier(InitialRun):
    """A language model's run, or a classifier's."""

    began: LanguageModelRecipe | ClassificationRecipe

    @property
    def gives_head(self) -> bool:
        """Whether it is a classifier's."""
        return isinstance(self.began, ClassificationRecipe)

    def tokenizer(self) -> Tokenizer:
        return Tokenizer.from_file(self.folder.tokenizer, add_eos=False)

    def require_labels(self, labels: Sequence[str]) -> None:
        """Raises RunError where a head is taken over that has other labels."""
        if self.gives_head and (theirs := tuple(self.settings.facts["labels"])) != tuple(labels):
            raise RunError(
                f"{self.folder.path} (initial_run) has the labels {', '.join(theirs)}, the data "
                f"{', '.join(labels)}: begin with a classifier of the same labels in that order, "
                "or with a language model"
            )

    def _load(self, network: Any) -> None:
        if isinstance(self.began, ClassificationRecipe):
            states = network.recurrent.output_size
            network.load_state_dict(self._head_for(network.pooling, states))
            return
        network.embedding.load_state_dict(_under("embedding.", self.weights))
        network.recurrent.load_state_dict(_under("recurrent.", self.weights))

    def _head_for(self, pooling: Pooling, states: int) -> Mapping[str, Tensor]:
        """The weights without a table of n-grams, with a head for that pooling of those states
        (`networks.classifier`)."""
        assert isinstance(self.began, ClassificationRecipe)
        poolings = self.began.network.pooling.split("+")
        head = self.weights["head.weight"]  # classes x pooled
        learnt = {
            part: rows[:, :states]
            for part, rows in zip(poolings, head.chunk(len(poolings), dim=1), strict=True)
        }
        parts = [learnt.get(part, head.new_zeros(len(head), states)) for part in pooling.split("+")]
        kept = {
            name: value for name, value in self.weights.items() if not name.startswith("ngrams.")
        }
        return {**kept, "head.weight": torch.cat(parts, dim=1)}

    def _older_sources(self, root: Path) -> Sequence[Source]:
        return text_corpora(root, self.began.data).sources

    def _require_fit(self, recipe: ClassificationRecipe) -> None:
        began = self.began
        if not isinstance(began, LanguageModelRecipe | ClassificationRecipe):
            raise RunError(
                f"{self.folder.path} (initial_run) is a run of {began.task}, neither of "
                "language-model nor of classification"
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
            if recipe.network.pooling != "max+mean":
                expected["pooling"] = theirs.pooling
        self._require_same(recipe.network, expected)


def _under(prefix: str, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights of a part of a network, by their names inside it."""
    return {
        name.removeprefix(prefix): value
        for name, value in weights.items()
        if name.startswith(prefix)
    }
