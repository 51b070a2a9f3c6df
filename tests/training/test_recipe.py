"""Recipes: those that come with the package, overrides, and errors that name the setting."""

from pathlib import Path

import pytest
import torch

from service.artifact.vocabulary import Vocabulary
from training.corpora import SYNTHETIC
from training.data.languages import SOURCES as LANGUAGES
from training.data.parallel import SOURCES as PARALLEL
from training.data.sentiment import SOURCES as SENTIMENT
from training.data.tagged import SOURCES as TAGGED
from training.kinds.sequence import sequence_task
from training.networks.build import (
    build_classifier,
    build_generator,
    build_language_model,
    build_tagger,
    build_translator,
)
from training.origin import Origin
from training.recipe import (
    RECIPES,
    ClassificationRecipe,
    GenerationRecipe,
    LanguageModelRecipe,
    RecipeError,
    SequenceRecipe,
    TaggingRecipe,
    TranslationRecipe,
    parse_override,
    read_recipe,
    recipe_names,
)
from training.sequence_data import GENERATED, sequence_data
from training.word_vocabulary import WordVocabulary

SHIPPED = [
    "childrens-book",
    "dinner",
    "forecast",
    "language",
    "reverse",
    "reviews-lm",
    "sentiment-adversarial",
    "sentiment-bilstm",
    "sentiment-lstm",
    "sentiment-taught",
    "tagger-entities",
    "tagger-pos",
    "text-generator",
    "translation-de-en",
    "translation-en-de",
    "weather-season",
]


def test_the_recipes_of_the_package() -> None:
    assert recipe_names() == SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_every_recipe_names_sources_that_exist_and_a_network_that_can_be_built(name: str) -> None:
    recipe = read_recipe(name)
    assert recipe.name == name
    known = {*SYNTHETIC}
    known |= {*PARALLEL} if recipe.task != "classification" else {"probes", *LANGUAGES}
    known |= {*SENTIMENT} if recipe.task != "translation" else set()
    known |= {*GENERATED} if recipe.task == "sequence" else set()
    known |= {*TAGGED} if recipe.task == "tagging" else set()
    sources = (*recipe.data.train, *recipe.data.validation, *recipe.data.test)
    assert {source.source for source in sources} <= known
    assert recipe.data.test or isinstance(recipe, LanguageModelRecipe)
    # What validates must not be what is reported, nor what is trained on.
    data = recipe.data
    parts = [
        {(s.source, s.split) for s in part} for part in (data.train, data.validation, data.test)
    ]
    assert len(set.union(*parts)) == sum(map(len, parts))
    small = {"embedding_size": 4}
    if isinstance(recipe, SequenceRecipe):
        sequence_task(recipe, sequence_data(recipe, Origin(RECIPES)))
    elif isinstance(recipe, ClassificationRecipe):
        assert recipe.labels is not None
        build_classifier(recipe.network.model_copy(update=small), 300, len(recipe.labels))
    elif isinstance(recipe, LanguageModelRecipe):
        build_language_model(recipe.network.model_copy(update=small), 300)
    elif isinstance(recipe, TaggingRecipe):
        words = WordVocabulary(Vocabulary(["a"], ["a"]), trained=3)
        build_tagger(recipe.network, words, 5, torch.zeros(3, 2))
    elif isinstance(recipe, GenerationRecipe):
        build_generator(recipe.network.model_copy(update=small), 300)
    else:
        build_translator(recipe.network.model_copy(update=small), 300)


def test_the_lstm_recipe_is_the_bilstm_recipe_in_one_direction() -> None:
    one, both = (read_recipe(f"sentiment-{name}") for name in ("lstm", "bilstm"))
    assert isinstance(one, ClassificationRecipe)
    assert isinstance(both, ClassificationRecipe)
    assert not one.network.bidirectional
    assert both.network.bidirectional
    assert one.data == both.data


def test_an_override_changes_one_setting() -> None:
    overrides = dict(parse_override(text) for text in ("training.epochs=3", "network.layers = 2"))
    changed = read_recipe("sentiment-bilstm", overrides)
    plain = read_recipe("sentiment-bilstm")
    assert isinstance(changed, ClassificationRecipe)
    assert (changed.training.epochs, changed.network.layers) == (3, 2)
    assert changed.data == plain.data


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("k=3", 3),
        ("k=1e-3", 0.001),
        ("k=true", True),
        ('k="bpe"', "bpe"),
        ("k=bpe", "bpe"),
        ("k=[1, 2]", [1, 2]),
        ('k=[{source="imdb"}]', [{"source": "imdb"}]),
        ("k=a=b", "a=b"),
        ("k=", ""),
    ],
)
def test_values_are_read_as_toml_or_else_as_text(text: str, value: object) -> None:
    assert parse_override(text) == ("k", value)


@pytest.mark.parametrize("text", ["training.epochs", "=3", " =3"])
def test_an_override_without_key_or_value_is_refused(text: str) -> None:
    with pytest.raises(RecipeError, match="write it as key=value, for example"):
        parse_override(text)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("training.epoch", 3, r"training\.epoch: Extra inputs are not permitted"),
        ("netwrok.layers", 3, r"netwrok: Extra inputs are not permitted"),
        ("training.epochs", 0, r"training\.epochs: Input should be greater than or equal to 1"),
        ("training.schedule", "step", r"training\.schedule: .*'constant', 'linear' or 'cosine'"),
        ("training.epochs.few", 3, r"--set training\.epochs\.few: epochs is a value, not a sect"),
        ("task", "parsing", r"task: Input tag 'parsing' found .*'classification', .*'translation'"),
        ("publication.name", "../sentiment", r"publication\.name: String should match pattern"),
        ("data.train", [], r"data\.train: Tuple should have at least 1 item"),
        ("data.train", [{"source": "imdb", "take": 0}], r"data\.train\.0\.take: "),
    ],
)
def test_a_wrong_setting_is_named(key: str, value: object, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        read_recipe("sentiment-bilstm", {key: value})


@pytest.mark.parametrize("code", ["English", "e", "en_GB", ""])
def test_languages_are_codes(code: str) -> None:
    with pytest.raises(RecipeError, match=r"languages\.source: String should match pattern"):
        read_recipe("translation-en-de", {"languages.source": code})


def test_a_recipe_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    text = (RECIPES / "reverse.toml").read_text("utf-8")
    path.write_text(text, encoding="utf-8")
    recipe = read_recipe(str(path))
    assert isinstance(recipe, TranslationRecipe)
    assert recipe.name == "mine"
    path.write_text(text + "\nsurprise = 1\n", encoding="utf-8")
    with pytest.raises(RecipeError, match=r"mine\.toml: translation\.publication\.surprise"):
        read_recipe(str(path))


def test_bad_toml_and_missing_recipes_are_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("task = \n", encoding="utf-8")
    with pytest.raises(RecipeError, match=r"mine\.toml is not valid TOML: .*line 1"):
        read_recipe(str(path))
    with pytest.raises(RecipeError, match=r"no recipe 'sentimnt'; known recipes: .*language, rev"):
        read_recipe("sentimnt")
    with pytest.raises(RecipeError, match=r"there is no recipe '.*other\.toml'"):
        read_recipe(str(tmp_path / "other.toml"))
