"""Puts a table of n-grams beside the network of a classifier's run, as a run of its own.

A network and a table that were trained apart are wrong about different texts, so that both know
more than either; trained together, the network would leave the table little to learn.
"""

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from training.kinds.registry import published_kind_of
from training.looks import look_record
from training.made_run import write_made_run
from training.networks.build import build_classifier
from training.ngram_fitting import fitted_share, fitted_table, with_table
from training.origin import Origin
from training.preparation import encode_texts
from training.recipe import ClassificationRecipe
from training.run_folder import RunError, RunFolder
from training.run_settings import NGRAM_SHARE, RunSettings
from training.task import Validation
from training.tasks.classification import ClassificationTask, logits_of, validated
from training.trained import ClassificationRun

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WithNgrams:
    """What the validation data say of the network alone, of it beside its table, and of the table
    alone; share: the table's weight."""

    alone: Validation
    both: Validation
    table: Validation
    share: float


def add_ngrams(
    folder: RunFolder,
    out: RunFolder,
    buckets: int,
    left_out: Sequence[str] = (),
) -> WithNgrams:
    """Write a run with the network of another one and a table of n-grams beside it.

    The table is fitted to the texts that the run was trained on, but for those of the sources
    ``left_out``; its weight to the validation sets. Raises RunError for a run that can have none,
    or gains nothing by it, and for sources that it does not have; DataError where its data are
    gone.
    """
    out.require_new()
    settings = RunSettings.read(folder)
    recipe = settings.recipe
    if not isinstance(recipe, ClassificationRecipe):
        raise RunError(f"{folder.path} is a run of {recipe.task}; only classifiers take n-grams")
    if recipe.network.ngram_buckets:
        raise RunError(f"{folder.path} has a table of n-grams already")
    if "mean" not in recipe.network.pooling:
        raise RunError(
            f"{folder.path} pools by {recipe.network.pooling}, and a table is read by its mean; "
            f"train a run that pools by both and begins with it (--set initial_run={folder.path} "
            "--set 'network.pooling=\"max+mean\"')"
        )
    chosen = _chosen(recipe, settings.origin, left_out)
    run: ClassificationRun = published_kind_of(recipe.task).load(folder, settings)
    train = [
        encode_texts(part, run.labels, run.tokenizer)
        for part, wanted in zip(run.corpora.train, chosen, strict=True)
        if wanted
    ]
    rows = [row for part in train for row in part.tokens]
    _log.info("counting the tokens and pairs of %s texts", f"{len(rows):,}")
    vocabulary, classes = run.tokenizer.vocabulary_size, len(run.labels)
    right = np.concatenate([part.classes for part in train])
    table = fitted_table(rows, right, classes, vocabulary, buckets)

    held_out = {
        name: encode_texts(part, run.labels, run.tokenizer)
        for name, part in run.corpora.validation.items()
    }
    gold = [torch.from_numpy(texts.classes) for texts in held_out.values()]
    weights = run.network.state_dict()
    made = recipe.model_copy(
        update={"network": recipe.network.model_copy(update={"ngram_buckets": buckets})}
    )
    network = build_classifier(made.network, vocabulary, classes).eval()
    states = run.network.recurrent.output_size

    def answers(share: float) -> list[torch.Tensor]:
        network.load_state_dict(with_table(weights, table, share, states))
        return [logits_of(network, texts.tokens) for texts in held_out.values()]

    def said(logits: list[torch.Tensor]) -> Validation:
        return validated(dict(zip(held_out, zip(logits, gold, strict=True), strict=True)))

    _log.info("weighting the table on the validation sets")
    alone, equal = answers(0.0), answers(1.0)
    beside = [both - own for both, own in zip(equal, alone, strict=True)]
    share = fitted_share(alone, beside, gold)
    if share == 0.0:
        raise RunError(
            "the validation sets give the table no weight: it adds nothing to what the network "
            "knows, and no run was written"
        )
    if math.isinf(share):
        raise RunError(
            "the validation sets give the network no weight beside the table: it has not learnt "
            "enough for both to be of use, and no run was written"
        )
    both = said(answers(share))
    facts = {**settings.facts, NGRAM_SHARE: share}
    write_made_run(
        out,
        replace(settings, recipe=made, facts=facts),
        {folder.tokenizer.name: folder.tokenizer.read_bytes()},
        network.state_dict(),
    )
    out.append(look_record(ClassificationTask.metric, both, step=0, epoch=0, best=True))
    return WithNgrams(said(alone), both, said(beside), share)


def _chosen(recipe: ClassificationRecipe, origin: Origin, left_out: Sequence[str]) -> list[bool]:
    """Which parts of the training texts are counted. Raises RunError for names of none of them."""
    names = [source.source for source in recipe.data.train]
    if origin.own is not None:
        names = [origin.own.file.name]
    if unknown := sorted(set(left_out) - set(names)):
        raise RunError(
            f"the run was not trained on {', '.join(unknown)}; it was on {', '.join(names)}"
        )
    chosen = [name not in left_out for name in names]
    if not any(chosen):
        raise RunError("no texts are left to count: leave fewer sources out")
    return chosen
