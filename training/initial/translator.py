"""What a translator takes over from another run: everything, so that it is trained further."""

from service.artifact.tokenizer import Tokenizer
from training.initial.run import InitialRun
from training.recipe import TranslationRecipe
from training.run_folder import RunError

_SIZES = (
    "cell", "embedding_size", "encoder_size", "encoder_layers", "decoder_size", "attention",
    "attention_size",
)  # fmt: skip


class InitialTranslator(InitialRun):
    """A translator's run of the same languages."""

    began: TranslationRecipe

    def tokenizer(self) -> Tokenizer:
        return Tokenizer.from_file(self.folder.tokenizer, add_eos=True)

    def _require_fit(self, recipe: TranslationRecipe) -> None:
        path, began = self.folder.path, self.began
        if not isinstance(began, TranslationRecipe):
            raise RunError(f"{path} (initial_run) is a run of {began.task}, not of translation")
        if began.languages != recipe.languages:
            raise RunError(
                f"{path} (initial_run) translates from {began.languages.source} to "
                f"{began.languages.target}, the recipe from {recipe.languages.source} to "
                f"{recipe.languages.target}"
            )
        if (began.placeholders is None) != (recipe.placeholders is None):
            theirs, ours = (
                "without" if one.placeholders is None else "with" for one in (began, recipe)
            )
            raise RunError(
                f"{path} (initial_run) was trained {theirs} placeholders, the recipe is {ours} "
                "them: a network that has not learnt their symbols cannot be given them, nor be "
                "rid of them"
            )
        self._require_same(recipe.network, {name: getattr(began.network, name) for name in _SIZES})
