"""What a language model takes over from another run: everything, so that it is trained further."""

from collections.abc import Sequence
from pathlib import Path

from service.artifact import Source
from service.artifact.tokenizer import Tokenizer
from training.corpora import text_corpora
from training.initial.run import InitialRun
from training.recipe import LanguageModelRecipe
from training.run_folder import RunError

_SIZES = ("cell", "embedding_size", "hidden_size")


class InitialLanguageModel(InitialRun):
    """A language model's run."""

    began: LanguageModelRecipe

    def tokenizer(self) -> Tokenizer:
        return Tokenizer.from_file(self.folder.tokenizer, add_eos=False)

    def _older_sources(self, root: Path) -> Sequence[Source]:
        return text_corpora(root, self.began.data).sources

    def _require_fit(self, recipe: LanguageModelRecipe) -> None:
        if not isinstance(self.began, LanguageModelRecipe):
            raise RunError(
                f"{self.folder.path} (initial_run) is a run of {self.began.task}, not of "
                "language-model"
            )
        theirs = self.began.network
        self._require_same(recipe.network, {name: getattr(theirs, name) for name in _SIZES})
