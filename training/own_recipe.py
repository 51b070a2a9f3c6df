"""What a user's own file changes of a recipe: what it says of its data does not hold for others.

What ``--set`` says is not changed, and refused where the file or another flag says it. Knows
nothing about what stands in the file.
"""

import argparse
from typing import Any

from training.recipe import (
    ClassificationRecipe,
    PublishedRecipe,
    SequenceRecipe,
    Source,
    TaggingRecipe,
    parse_override,
)
from training.usage import UsageError

OWN_LICENSE = "the user's own"
OWN_NOTE = "Trained on data of the user's own; its terms are the user's to state."
OTHERS_LICENSE = "the user's own, and those of other sources"
OTHERS_NOTE = (
    "Trained on data of the user's own, whose terms are the user's to state, and on other data, "
    "that {} brought: the terms of all its sources hold."
)
# Settings that --data takes the place of, and where to say them instead.
_TAKEN = {
    "data.train": "--data is what is trained on",
    "data.validation": "a part of --data is held out for validation",
    "data.test": "a part of --data is held out for testing",
    "columns": "the columns are those of --input-column and --value-column",
    "target.columns": "what is forecast are the columns of --value-column",
}


def own_recipe(recipe: PublishedRecipe, options: argparse.Namespace) -> PublishedRecipe:
    """The recipe for a user's data. Raises UsageError for settings that the file takes over."""
    said = [parse_override(text)[0] for text in options.set]
    for key in said:
        _require_free(key)
    if options.license is not None and _says(said, "publication.license"):
        raise UsageError("--license and --set publication.license say the same: leave out one")
    data = _own_data(recipe, options, said)
    others = _others(recipe, data)
    changes: dict[str, Any] = {
        "data": data,
        "publication": _kept(
            recipe.publication,
            {
                "name": options.publish.name if options.publish else options.data.stem,
                "license": options.license or (OTHERS_LICENSE if others else OWN_LICENSE),
                "license_note": OTHERS_NOTE.format(others) if others else OWN_NOTE,
                "examples": (),
                "limits": "",
            },
            said,
            "publication.",
        ),
    }
    if isinstance(recipe, SequenceRecipe):
        changes |= {"columns": (), "window": None, "target": _own_target(recipe, options, said)}
    if isinstance(recipe, ClassificationRecipe):
        # The user's texts may be in any language; --set language=de says which.
        changes |= {"labels": None, "language": None}
    if isinstance(recipe, TaggingRecipe):
        changes |= {"vectors": None, "language": None}  # of texts that are not the user's
    # What stands in a section has been looked at key by key.
    whole = {key: changes.pop(key) for key in ("data", "publication", "target") if key in changes}
    return _kept(recipe, changes, said).model_copy(update=whole)  # type: ignore[no-any-return]


def _own_data(recipe: PublishedRecipe, options: argparse.Namespace, said: list[str]) -> Any:
    data = type(recipe.data)(
        train=(Source(source=options.data.name),),
        validation=(Source(source=options.data.name, split="validation"),),
    )
    further = {
        name: getattr(recipe.data, name)
        for name in ("unlabelled", "taught")
        if hasattr(recipe.data, name) and _says(said, f"data.{name}")
    }
    return data.model_copy(update=further)


def _others(recipe: PublishedRecipe, data: Any) -> str:
    """What brings more than the user's data into the weights; empty where nothing does."""
    initial = getattr(recipe, "initial_run", None)
    files = [taught.file for taught in getattr(data, "taught", ())]
    texts = [source.name for source in getattr(data, "unlabelled", ())]
    return " and ".join(filter(None, [initial, *files, *texts]))


def _own_target(recipe: SequenceRecipe, options: argparse.Namespace, said: list[str]) -> Any:
    if recipe.target.kind == "forecast":
        target = _kept(recipe.target, {"period": None}, said, "target.")
        return target.model_copy(update={"columns": tuple(options.value_column)})
    return _kept(recipe.target, {"labels": None, "previous": None}, said, "target.")


def _kept(section: Any, changes: dict[str, Any], said: list[str], prefix: str = "") -> Any:
    """The section with the changes but for those of settings that --set says."""
    wanted = {key: value for key, value in changes.items() if not _says(said, prefix + key)}
    return section.model_copy(update=wanted)


def _says(said: list[str], key: str) -> bool:
    """Whether a setting, its section or a part of it is among those that --set says."""
    return any(_within(one, key) or _within(key, one) for one in said)


def _require_free(key: str) -> None:
    for taken, instead in _TAKEN.items():
        if _within(key, taken) or _within(taken, key):
            raise UsageError(f"--set {key} with --data: {instead}; leave it out")


def _within(key: str, section: str) -> bool:
    return key == section or key.startswith(f"{section}.")
