"""What a user's file changes of a recipe, and that --set is heard."""

import argparse
from pathlib import Path

import pytest

from training.commands.parser import command_parser
from training.own_recipe import own_recipe
from training.recipe import (
    ClassificationRecipe,
    PublishedRecipe,
    SequenceRecipe,
    TaggingRecipe,
    read_recipe,
)
from training.recipe import parse_override as parsed
from training.usage import UsageError


def options(recipe: str, *arguments: str) -> argparse.Namespace:
    return command_parser().parse_args(["train", recipe, "--data", "mine.csv", *arguments])


def own(recipe: str, *arguments: str) -> PublishedRecipe:
    asked = options(recipe, *arguments)
    found = read_recipe(recipe, dict(map(parsed, asked.set)))
    assert not isinstance(found, type(None))
    return own_recipe(found, asked)  # type: ignore[arg-type]


def test_what_a_recipe_says_of_its_data_is_not_said_of_others() -> None:
    recipe = own("sentiment-bilstm")
    assert isinstance(recipe, ClassificationRecipe)
    assert (recipe.labels, recipe.language, recipe.data.taught) == (None, None, ())
    assert [source.source for source in recipe.data.train] == ["mine.csv"]
    publication = recipe.publication
    assert (publication.name, publication.examples, publication.limits) == ("mine", (), "")
    assert publication.license == "the user's own"
    assert own("sentiment-bilstm", "--publish", "models/stars").publication.name == "stars"
    tagger = own("tagger-pos")
    assert isinstance(tagger, TaggingRecipe)
    assert tagger.vectors is None


@pytest.mark.parametrize(
    ("recipe", "settings", "brought"),
    [
        ("translation-en-de", ["initial_run=runs/one"], "runs/one"),
        (
            "translation-en-de",
            ["initial_run=runs/one", 'data.taught=[{file="pairs.jsonl"}]'],
            "runs/one and pairs.jsonl",
        ),
        ("sentiment-adversarial", [], "runs/reviews-lm"),
        (
            "sentiment-bilstm",
            ['data.unlabelled=[{source="imdb", split="unlabelled"}]'],
            "imdb:unlabelled",
        ),
    ],
)
def test_others_data_is_not_said_to_be_the_users(
    recipe: str, settings: list[str], brought: str
) -> None:
    flags = [part for setting in settings for part in ("--set", setting)]
    publication = own(recipe, *flags).publication
    assert publication.license == "the user's own, and those of other sources"
    assert f"that {brought} brought: the terms of all" in publication.license_note
    stated = own(recipe, *flags, "--license", "CC0-1.0").publication
    assert stated.license == "CC0-1.0"
    assert stated.license_note == publication.license_note


def test_what_is_set_stays() -> None:
    recipe = own(
        "sentiment-bilstm",
        *("--set", 'labels=["bad", "good"]'),
        *("--set", "language=de"),
        *("--set", 'data.taught=[{file="taught.jsonl"}]'),
        *("--set", "publication.license=CC0-1.0"),
        *("--set", "publication.limits=none known"),
        *("--set", "publication.name=stars"),
    )
    assert isinstance(recipe, ClassificationRecipe)
    assert (recipe.labels, recipe.language) == (("bad", "good"), "de")
    assert [taught.file for taught in recipe.data.taught] == ["taught.jsonl"]
    assert (recipe.publication.license, recipe.publication.name) == ("CC0-1.0", "stars")
    assert recipe.publication.limits == "none known"
    dinner = own("dinner", "--set", "target.previous=before", "--set", "window=14")
    assert isinstance(dinner, SequenceRecipe)
    assert dinner.target.kind == "label"
    assert (dinner.target.previous, dinner.target.labels, dinner.window) == ("before", None, 14)
    tagger = own("tagger-pos", "--set", "vectors.size=32")
    assert isinstance(tagger, TaggingRecipe)
    assert tagger.vectors is not None


@pytest.mark.parametrize(
    ("recipe", "setting", "said"),
    [
        ("sentiment-bilstm", 'data.train=[{source="imdb"}]', "--data is what is trained on"),
        ("sentiment-bilstm", 'data.test=[{source="imdb"}]', "held out for testing"),
        ("forecast", 'target.columns=["x"]', "the columns of --value-column"),
        ("dinner", "columns=[]", "those of --input-column and --value-column"),
    ],
)
def test_what_the_file_says_is_not_set(recipe: str, setting: str, said: str) -> None:
    with pytest.raises(UsageError, match=f"^--set {setting.split('=')[0]} with --data: .*{said}"):
        own(recipe, "--set", setting)


def test_a_licence_is_said_once(tmp_path: Path) -> None:
    assert own("dinner", "--license", "CC0-1.0").publication.license == "CC0-1.0"
    with pytest.raises(UsageError, match=r"--license and --set publication\.license say the same"):
        own("dinner", "--license", "CC0-1.0", "--set", "publication.license=MIT")
