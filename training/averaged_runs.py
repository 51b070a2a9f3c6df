"""Averages the weights of runs that began alike into a run of its own.

Wortsman et al. 2022, "Model soups", section 2 (the uniform soup): networks that were trained
further from the same weights, with other seeds, lie so close to each other that the mean of their
weights answers almost as the mean of their answers would, for the price of one network. With a
share of the weights that they began with, it forgets less of what those knew of texts that the
further training did not have (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models",
section 3).
Knows nothing about tasks: their kinds validate.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from training.device import choose_device
from training.initial.registry import initial_run_of
from training.initial.run import InitialRun
from training.kinds.registry import kind_of
from training.looks import look_record, looks_in, take_look
from training.made_run import write_made_run
from training.recipe import Recipe
from training.run_folder import RunError, RunFolder
from training.run_settings import AVERAGED_SEEDS, INITIAL_SHARE, NGRAM_SHARE, RunSettings


@dataclass(frozen=True)
class Averaged:
    """What the validation data say of the mean, and of the runs that it is made of."""

    metric: str
    score: float
    of_runs: Sequence[float]


def average_runs(
    folders: Sequence[RunFolder], out: RunFolder, initial_share: float = 0.0
) -> Averaged:
    """Write a run with the mean of the runs' weights, once it has been validated.

    initial_share: of the weights that the runs began with; theirs share the rest equally. Raises
    RunError for runs that cannot be averaged, DataError where their data are gone.
    """
    out.require_new()
    if len(folders) < 2 and not initial_share:
        raise RunError(
            "one run is its own mean: name two or more, or a share of the weights that it began "
            "with (--initial)"
        )
    settings = [RunSettings.read(folder) for folder in folders]
    for folder, own in zip(folders, settings, strict=True):
        if AVERAGED_SEEDS in own.facts:
            raise RunError(f"{folder.path} is a mean itself: name the runs that it was made of")
        if NGRAM_SHARE in own.facts:
            raise RunError(
                f"{folder.path} has a table of n-grams: name the run that it was made of, and give "
                "the mean a table"
            )
    for folder, own in zip(folders[1:], settings[1:], strict=True):
        _require_alike(folders[0], settings[0], folder, own)
    _require_different(folders, settings)
    first = settings[0]
    scores = [_score(folder, first.recipe.training.keep) for folder in folders]
    weights = _weighted(
        [folder.read_tensors(folder.best) for folder in folders], [1 / len(folders)] * len(folders)
    )
    initial = _initial(folders[0], first) if initial_share else None
    task = kind_of(first.recipe.task).resume(folders[0], first)
    if initial is not None:
        initial.load_into(task.network)
        began = task.network.state_dict()
        weights = _weighted([began, weights], [initial_share, 1 - initial_share])
    task.network.load_state_dict(weights)
    device = choose_device()
    task.network.to(device)
    validation = take_look(task, device, first.recipe.training.precision)
    seeds = [one.recipe.training.seed for one in settings]
    facts = {**first.facts, AVERAGED_SEEDS: seeds, INITIAL_SHARE: initial_share}
    made = replace(first, facts=facts)
    read_with = [folders[0].tokenizer, folders[0].words, folders[0].spelling]
    read_with = [path for path in read_with if path.exists()]
    write_made_run(out, made, {path.name: path.read_bytes() for path in read_with}, weights)
    out.append(look_record(task.metric, validation, step=0, epoch=0, best=True))
    return Averaged(task.metric, validation.score, scores)


def _require_alike(
    first: RunFolder, settings: RunSettings, folder: RunFolder, own: RunSettings
) -> None:
    """Raises RunError for a run whose weights are not to be mixed with the first one's."""
    pair = f"{folder.path} and {first.path}"
    if _unseeded(own.recipe) != _unseeded(settings.recipe):
        raise RunError(f"{pair} have other settings: only training.seed may differ")
    began = settings.facts.get("initial_digest")
    if began is None or own.facts.get("initial_digest") != began:
        raise RunError(
            f"{pair} did not begin with the same weights (initial_run), and the mean of networks "
            "that have nothing in common is none of them"
        )
    if folder.tokenizer.read_bytes() != first.tokenizer.read_bytes():
        raise RunError(f"{pair} read with different tokenizers")
    if own.own_digest != settings.own_digest:
        raise RunError(f"{pair} were trained on different files")
    if own.origin.own is not None and own.recipe.training.seed != settings.recipe.training.seed:
        raise RunError(
            f"{pair} have split {own.origin.own.file.name} with other seeds: each has learnt rows "
            "that the other holds out, and no score of their mean would be true"
        )


def _initial(folder: RunFolder, settings: RunSettings) -> InitialRun:
    """The run that one began with. Raises RunError where it is none, or no longer the same."""
    initial = initial_run_of(settings.recipe)
    if initial is None:
        raise RunError(f"{folder.path} began with no other run, so there is no share of one")
    if type(initial.began) is not type(settings.recipe):
        raise RunError(
            f"{folder.path} began with a run of {initial.began.task}, which has not all of its "
            "weights, so there is no share of them"
        )
    if initial.digest != settings.facts.get("initial_digest"):
        raise RunError(
            f"{initial.folder.path} has other weights than when {folder.path} began with it"
        )
    return initial


def _require_different(folders: Sequence[RunFolder], settings: Sequence[RunSettings]) -> None:
    seeds = [one.recipe.training.seed for one in settings]
    for place, seed in enumerate(seeds):
        if (before := seeds.index(seed)) != place:
            raise RunError(
                f"{folders[before].path} and {folders[place].path} have the same seed, {seed}, so "
                "they are the same run: train with another (--set training.seed=N)"
            )


def _unseeded(recipe: Recipe) -> dict[str, Any]:
    settings = recipe.model_dump()
    del settings["training"]["seed"]
    return settings


def _score(folder: RunFolder, keep: str) -> float:
    """The validation score of a run's weights, those of the best look or of the last.

    Raises RunError where there was no look yet.
    """
    looks = looks_in(folder.records())
    if not looks:
        raise RunError(f"{folder.path} has no weights yet: they come with its first validation")
    if keep == "last":
        return float(looks[-1]["score"])
    return max(float(one["score"]) for one in looks)


def _weighted(
    weights: Sequence[Mapping[str, Tensor]], shares: Sequence[float]
) -> dict[str, Tensor]:
    """The sum of the parameters, each times its share."""
    return {
        name: sum(
            (one[name].double() * share for one, share in zip(weights, shares, strict=True)),
            start=torch.zeros((), dtype=torch.float64),
        ).to(value.dtype)
        for name, value in weights[0].items()
    }
