"""The model card: data, licences, scores, limits, in Markdown that tables survive."""

from service.artifact import Score, Source
from tests.tiny_models import classifier_draft, translator_draft
from training.card import model_card
from training.kinds.classification import ClassificationKind
from training.kinds.translation import TranslationKind
from training.recipe import ClassificationRecipe, TranslationRecipe, read_recipe

SCORES = tuple(
    Score(dataset=dataset, split="test", metric=metric, value=value, rows=rows)
    for dataset, rows, metric, value in (
        ("imdb", 25_000, "accuracy", 93.5),
        ("imdb", 25_000, "calibration error", 1.25),
        ("sst", 1_821, "accuracy", 87.0),
    )
)
SOURCES = (Source(name="imdb", url="https://example.org/", license="none | stated", rows=22_355),)


def test_a_classifiers_card() -> None:
    recipe = read_recipe("sentiment-bilstm", {"publication.limits": "It reads no irony."})
    assert isinstance(recipe, ClassificationRecipe)
    draft = classifier_draft().model_copy(update={"scores": SCORES, "sources": SOURCES})
    card = model_card(draft, ClassificationKind().summary(draft), recipe, ["temperature 1.100"])
    assert recipe.description in card
    assert "Gives a text one of 2 labels: positive, negative." in card
    assert "| test set | rows | accuracy | calibration error |" in card
    assert "| imdb | 25,000 | 93.5 | 1.25 |" in card
    assert "| sst | 1,821 | 87 |  |" in card  # what was not measured stays empty
    assert r"| imdb | 22,355 | none \| stated | https://example.org/ |" in card
    assert "## Limits and known failures\n\nIt reads no irony.\n" in card
    assert "\n- temperature 1.100\n" in card
    assert card.count("\n# ") == 0
    assert card.endswith("\n")


def test_a_translators_card() -> None:
    recipe = read_recipe("translation-en-de", {"publication.limits": ""})
    assert isinstance(recipe, TranslationRecipe)
    score = Score(
        dataset="multi30k", split="test", metric="BLEU, beam 5", value=36.3, rows=1000,
        signature="nrefs:1|case:mixed",
    )  # fmt: skip
    draft = translator_draft().model_copy(update={"scores": (score,), "sources": ()})
    card = model_card(draft, TranslationKind().summary(draft), recipe)
    assert "Translates from en to de." in card
    assert "| multi30k | 1,000 | 36.3 |" in card
    assert "- `nrefs:1|case:mixed`" in card
    assert "None were written down." in card
    assert "Nothing is known of it." in card
