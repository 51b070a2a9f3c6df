"""Gathers the examples of a run: corpora that a recipe names, or a user's own file.

Knows nothing about tokenizers or networks.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from service.artifact import Source as DataSource
from training.data.examples import LabelledText, SentencePair
from training.data.parallel import load_parallel
from training.data.registry import DATASETS
from training.data.reverse import reverse_splits
from training.data.sentiment import load_sentiment
from training.data.synthetic import sentiment_splits
from training.data.tables import read_labelled, read_pairs, split_examples, split_pairs
from training.recipe import Data, Languages, Source

Example = TypeVar("Example", LabelledText, SentencePair)

SYNTHETIC = ("reverse", "synthetic")
# Sources that are read from a dataset of another name.
_DATASET_OF = {"sst_phrases": "sst", "yelp": "yelp_sentences"}
_REVERSE_SIZES = {"train": 4000, "validation": 200, "test": 200}
_SYNTHETIC_SIZES = {"train": 2000, "validation": 300, "test": 300}
_SYNTHETIC_SEED = 1
HELD_OUT = (0.8, 0.1, 0.1)  # of a user's own rows: training, validation, test


@dataclass(frozen=True)
class Corpora(Generic[Example]):
    """Training sources with how much of each an epoch takes, and held-out sets by name."""

    train: Sequence[Sequence[Example]]
    takes: Sequence[int | None]
    validation: Mapping[str, Sequence[Example]]
    test: Mapping[str, Sequence[Example]]
    sources: Sequence[DataSource]  # what the manifest says of them


@dataclass(frozen=True)
class OwnData:
    """A user's file and the columns to read from it."""

    file: Path
    text_column: str = "text"
    label_column: str = "label"
    source_column: str | None = None
    target_column: str | None = None
    license: str = "the user's own data"


def labelled_corpora(root: Path, data: Data) -> Corpora[LabelledText]:
    """What a classification recipe names. Raises DataError."""
    return _gather(data, lambda source: _labelled(root, source))


def parallel_corpora(root: Path, data: Data, languages: Languages) -> Corpora[SentencePair]:
    """What a translation recipe names. Raises DataError."""
    return _gather(data, lambda source: _parallel(root, source, languages))


def labelled_tests(root: Path, data: Data) -> dict[str, list[LabelledText]]:
    """The test sets of a classification recipe by name. Raises DataError."""
    return {source.source: _labelled(root, source) for source in data.test}


def parallel_tests(root: Path, data: Data, languages: Languages) -> dict[str, list[SentencePair]]:
    """The test sets of a translation recipe by name. Raises DataError."""
    return {source.source: _parallel(root, source, languages) for source in data.test}


def _labelled(root: Path, source: Source) -> list[LabelledText]:
    if source.source == "synthetic":
        return sentiment_splits(_SYNTHETIC_SIZES, _SYNTHETIC_SEED)[source.split]
    return load_sentiment(root, source.source, source.split)


def _parallel(root: Path, source: Source, languages: Languages) -> list[SentencePair]:
    if source.source == "reverse":
        return reverse_splits(_REVERSE_SIZES, _SYNTHETIC_SEED)[source.split]
    pair = (languages.source, languages.target)
    return load_parallel(root, source.source, source.split, pair)


def own_labelled(own: OwnData, seed: int) -> Corpora[LabelledText]:
    """A user's labelled texts, split by a hash of the text. Raises DataError."""
    examples = read_labelled(own.file, own.text_column, own.label_column)
    train, validation, test = split_examples(examples, HELD_OUT, seed)
    return _own(own, train, validation, test)


def own_pairs(own: OwnData, seed: int) -> Corpora[SentencePair]:
    """A user's sentence pairs, split by a hash of the source sentence. Raises DataError."""
    pairs = read_pairs(own.file, own.source_column, own.target_column)
    train, validation, test = split_pairs(pairs, HELD_OUT, seed)
    return _own(own, train, validation, test)


def _own(
    own: OwnData, train: list[Example], validation: list[Example], test: list[Example]
) -> Corpora[Example]:
    name = own.file.stem
    # A file of a few dozen rows can leave a part empty; what was trained on is then looked at.
    return Corpora(
        train=[train],
        takes=[None],
        validation={name: validation or train},
        test={name: test} if test else {},
        sources=[DataSource(name=own.file.name, url="", license=own.license, rows=len(train))],
    )


def _gather(data: Data, load: Callable[[Source], list[Example]]) -> Corpora[Example]:
    train = [load(source) for source in data.train]
    return Corpora(
        train=train,
        takes=[source.take for source in data.train],
        validation={source.source: load(source) for source in data.validation},
        test={source.source: load(source) for source in data.test},
        sources=[
            _described(source.source, len(part))
            for source, part in zip(data.train, train, strict=True)
        ],
    )


def _described(name: str, rows: int) -> DataSource:
    if name in SYNTHETIC:
        return DataSource(name=name, url="", license="generated; no rights", rows=rows)
    facts = DATASETS[_DATASET_OF.get(name, name)]
    return DataSource(name=name, url=facts.address, license=facts.license, rows=rows)
