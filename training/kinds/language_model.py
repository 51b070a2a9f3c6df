"""A language model, which a classifier begins with. It is not served."""

from service.artifact.tokenizer import Tokenizer
from training.corpora import Corpora, merged_sources, text_corpora
from training.initial.language_model import InitialLanguageModel
from training.kinds.kind import Beginning
from training.origin import Origin
from training.preparation import language_modelling_task, tokenizer_for_plain_texts
from training.recipe import LanguageModelRecipe
from training.run_folder import RunError, RunFolder
from training.run_settings import RunSettings
from training.task import Task


class LanguageModelKind:
    """See `training.kinds.kind.Kind`."""

    def begin(self, recipe: LanguageModelRecipe, origin: Origin) -> Beginning:
        initial = InitialLanguageModel.named_by(recipe)
        earlier = () if initial is None else initial.sources()
        texts = _texts(recipe, origin)
        tokenizer = (
            tokenizer_for_plain_texts(recipe, texts) if initial is None else initial.tokenizer()
        )
        task = language_modelling_task(recipe, texts, tokenizer)
        if initial is not None:
            initial.load_into(task.network)
        return Beginning(
            task,
            {RunFolder.TOKENIZER: tokenizer.to_bytes()},
            {"initial_digest": None if initial is None else initial.digest},
            merged_sources(texts.sources, earlier),
        )

    def resume(self, run: RunFolder, settings: RunSettings) -> Task:
        recipe = settings.recipe
        assert isinstance(recipe, LanguageModelRecipe)
        tokenizer = Tokenizer.from_file(run.tokenizer, add_eos=False)
        task = language_modelling_task(recipe, _texts(recipe, settings.origin), tokenizer)
        InitialLanguageModel.restore(run, settings, task.network)
        return task

    def rates(self, recipe: LanguageModelRecipe) -> dict[str, float]:
        return {}


def _texts(recipe: LanguageModelRecipe, origin: Origin) -> Corpora[str]:
    if origin.own is not None:
        raise RunError("a language model is trained on the texts that its recipe names, not --data")
    return text_corpora(origin.root, recipe.data)
