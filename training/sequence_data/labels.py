"""Labelled sequences: what is read of a recipe or a file, what is held out, and as windows.

The statistics of the columns come from the training part alone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from service.artifact import CategoryColumn, Source
from service.artifact.columns import AnyColumn
from training.corpora import HELD_OUT, OwnData, generated_source
from training.data.dinner import dinner_splits
from training.data.errors import DataError
from training.data.own_columns import read_sequences
from training.data.sequences import ColumnSequence
from training.data.splits import spread, stratified_parts
from training.data.weather import season_splits
from training.recipe import LabelTarget, SequenceRecipe
from training.sequence_data.columns import fitted_columns
from training.sequence_data.generated import SEED, unknown
from training.sequence_data.windows import WINDOW, Part, Stretch, ends_in_time
from training.tasks.sequence import LabelWindows

_DINNERS = {"train": 2000, "validation": 500, "test": 2000}
_SEASONS = {"train": 6000, "validation": 1000, "test": 2000}
_SHOWN = 3  # examples
_FITTED = 4000  # windows of a diary that baselines are fitted on
_FEWEST_STEPS = 100  # of a diary, to train on and to hold out


@dataclass(frozen=True)
class LabelData:
    """Labelled sequences, encoded."""

    columns: tuple[AnyColumn, ...]
    labels: tuple[str, ...]
    window: int
    train: LabelWindows
    validation: LabelWindows
    test: LabelWindows
    fitted: LabelWindows  # of the training part, as those that are held out: for the baselines
    name: str
    sources: tuple[Source, ...]
    examples: tuple[ColumnSequence, ...]  # held out, as they came


def label_data(recipe: SequenceRecipe, target: LabelTarget, own: OwnData | None) -> LabelData:
    """What a recipe names, or a user's file. Raises DataError."""
    parts, name, sources = _generated(recipe) if own is None else _own_sequences(own, recipe)
    train, validation, test = parts
    longest = max(map(len, train.sequences))
    window = recipe.window or longest
    if own is not None:
        # A diary that goes on has no length of its own.
        one_diary = target.each_step and len(train.sequences) == 1
        window = min(recipe.window or (WINDOW if one_diary else longest), longest)
    columns = fitted_columns(recipe, train.sequences)
    found = {label for part in parts for one in part.sequences for label in one.labels}
    labels = target.labels if target.labels is not None else tuple(sorted(found))
    require_labels(name, found, labels)
    _require_previous(target, columns, labels)
    # A generated sequence is as long as the window, and is asked about its last step.
    every_step = target.each_step and own is not None

    def judged(part: Part) -> list[Stretch]:
        if every_step:
            return part.every_step(window, recipe.shortest)
        return part.last_windows(window)

    def windows(part: Part, stretches: Sequence[Stretch]) -> LabelWindows:
        return part.windows(stretches, columns, labels, name)

    learnt = windows(train, train.pieces(window) if target.each_step else judged(train))
    return LabelData(
        columns, labels, window, learnt,
        windows(validation, judged(validation)), windows(test, judged(test)),
        windows(train, spread(judged(train), _FITTED)) if every_step else learnt,
        name, sources,
        tuple(validation.steps(one) for one in spread(judged(validation), _SHOWN)),
    )  # fmt: skip


def require_labels(name: str, found: set[str], labels: Sequence[str]) -> None:
    """Raises DataError for labels that the model does not know, or for one alone."""
    strange = sorted(found - set(labels))
    if strange:
        raise DataError(
            f"{name} has the labels {', '.join(strange[:10])}, the model only {', '.join(labels)}"
        )
    if len(labels) < 2:
        raise DataError(f"{name} has one label alone, {', '.join(labels)}; expected two or more")


def _require_previous(
    target: LabelTarget, columns: Sequence[AnyColumn], labels: Sequence[str]
) -> None:
    """Raises DataError for a column that cannot hold the label of the step before."""
    if target.previous is None:
        return
    found = next((column for column in columns if column.name == target.previous), None)
    values = found.values if isinstance(found, CategoryColumn) else ()
    if found is None or not set(labels) <= set(values):
        state = f"has the values {', '.join(values) or 'of numbers'}" if found else "is not read"
        raise DataError(
            f'target.previous: "{target.previous}" {state}; expected a column that is read and '
            f"holds the labels {', '.join(labels)}"
        )


def _generated(
    recipe: SequenceRecipe,
) -> tuple[tuple[Part, ...], str, tuple[Source, ...]]:
    """The parts of generated sequences, in the order of training, validation and test."""
    source = recipe.data.train[0].source
    if source == "dinner":
        splits = dinner_splits(_DINNERS, SEED)
    elif source == "seasons":
        splits = season_splits(_SEASONS, SEED)
    else:
        raise unknown(source, "dinner, seasons")
    parts = tuple(Part(splits[split]) for split in ("train", "validation", "test"))
    return parts, source, (generated_source(source, len(parts[0].sequences)),)


def _own_sequences(
    own: OwnData, recipe: SequenceRecipe
) -> tuple[tuple[Part, ...], str, tuple[Source, ...]]:
    """A user's sequences: split by a hash of their names, or one of them by time."""
    if not own.input_columns:
        raise DataError(
            f"say which columns of {own.file} are read: --input-column NAME, once for each"
        )
    assert isinstance(recipe.target, LabelTarget)
    each_step = recipe.target.each_step
    sequences = read_sequences(
        own.file, own.input_columns, own.label_column, own.sequence_column, each_step
    )
    if len(sequences) == 1 and each_step:
        parts = _by_time(own, sequences[0], recipe.window or WINDOW)
    else:
        parts = _drawn(own, sequences, recipe.training.seed)
    rows = sum(map(len, parts[0].sequences))
    return parts, own.file.stem, (own.described(rows),)


def _by_time(own: OwnData, diary: ColumnSequence, window: int) -> tuple[Part, ...]:
    """One diary: its beginning to learn from, and what came later. Raises DataError."""
    steps = len(diary)
    ends = ends_in_time(steps)
    needed = max(_FEWEST_STEPS, math.ceil(2 * window / HELD_OUT[0]))
    if steps < needed:
        raise DataError(
            f"{own.file} has one sequence of {steps:,} steps; a window of {window} needs "
            f"{needed:,}: read less (--set window=…)"
            + ("" if own.sequence_column else ", or name the column that tells several sequences "
               "apart (--sequence-column)")
        )  # fmt: skip

    def part(first: int, stop: int) -> Part:
        start = max(0, first - window + 1)
        return Part([diary.part(start, stop)], first - start)

    return part(0, ends[0]), part(*ends), part(ends[1], steps)


def _drawn(own: OwnData, sequences: Sequence[ColumnSequence], seed: int) -> tuple[Part, ...]:
    """Whole sequences, drawn by a hash of their places. Raises DataError for too few."""
    keys = [f"sequence {i}" for i in range(len(sequences))]
    marks = [sequence.labels[0] for sequence in sequences]
    drawn = stratified_parts(keys, marks, HELD_OUT, seed)
    parts = tuple(
        Part([one for one, part in zip(sequences, drawn, strict=True) if part == number])
        for number in range(len(HELD_OUT))
    )
    if not all(part.sequences for part in parts):
        raise DataError(
            f"{own.file} has {len(sequences)} sequences; expected 30 at least, to train on and to "
            "hold out" + ("" if own.sequence_column else " (--sequence-column tells them apart)")
        )
    return parts
