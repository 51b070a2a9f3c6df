"""Gathers the examples of a run: corpora that a recipe names, or a user's own file.

Knows nothing about tokenizers or networks.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np

from service.artifact import Source as DataSource
from training.data.book import book_splits
from training.data.composed import composed_sentences
from training.data.conll import read_tagged_file
from training.data.errors import DataError
from training.data.examples import LabelledText, SentencePair, TaggedSentence
from training.data.languages import SOURCES as LANGUAGES
from training.data.languages import load_language_splits
from training.data.parallel import SOURCES as PARALLEL
from training.data.parallel import load_parallel_splits
from training.data.passages import read_passages, require_enough, split_passages
from training.data.registry import DATASETS
from training.data.reverse import reverse_splits
from training.data.sentiment import load_sentiment_splits, load_unlabelled
from training.data.splits import spread, stratified_parts
from training.data.synthetic import sentiment_splits
from training.data.tables import read_labelled, read_pairs, split_examples, split_pairs
from training.data.tagged import load_tagged_splits
from training.data.taught import in_order, read_taught
from training.probes import read_probes
from training.recipe import HELD_OUT_SPLITS, ClassificationData, Data, Languages, Source

_log = logging.getLogger(__name__)

Example = TypeVar("Example", LabelledText, SentencePair, TaggedSentence, str)

BOOK = "childrens-book"
COMPOSED = "composed"
SYNTHETIC = (BOOK, COMPOSED, "reverse", "synthetic")
PROBES = "probes"  # training/probes: a test set and nothing else
# Sources that are read from a dataset of another name.
_DATASET_OF = {
    "imdb_sentences": "imdb",
    "sst_composed": "sst",
    "sst_phrases": "sst",
    "yelp": "yelp_sentences",
    "yelp_composed": "yelp_sentences",
    **{source: dataset for source, (dataset, _) in LANGUAGES.items()},
}
_REVERSE_SIZES = {"train": 4000, "validation": 200, "test": 200}
_BOOK_SIZES = {"train": 2000, "validation": 200, "test": 200}
_SYNTHETIC_SIZES = {"train": 2000, "validation": 300, "test": 300}
_COMPOSED_SIZE = 30_000  # to train on and nothing else
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
class FurtherTexts:
    """What a classifier learns from beside labelled texts, in the order of the recipe."""

    unlabelled: Sequence[Sequence[str]] = ()
    taught: Sequence[Sequence[str]] = ()
    probabilities: Sequence[np.ndarray] = ()  # of the taught ones, float32, rows x classes
    sources: Sequence[DataSource] = ()  # what the manifest says of them


@dataclass(frozen=True)
class OwnData:
    """A user's file and the columns to read from it."""

    file: Path
    text_column: str = "text"
    label_column: str = "label"
    source_column: str | None = None
    target_column: str | None = None
    license: str = "the user's own data"
    # Of a file whose rows are steps:
    value_columns: Sequence[str] = ()  # to forecast
    input_columns: Sequence[str] = ()  # to read beside them, or to tell the label from
    time_column: str | None = None
    sequence_column: str | None = None  # which sequence a row belongs to

    def described(self, rows: int) -> DataSource:
        """What a manifest says of it. rows: that were trained on."""
        return DataSource(name=self.file.name, url="", license=self.license, rows=rows)


def labelled_corpora(root: Path, data: Data) -> Corpora[LabelledText]:
    """What a classification recipe names. Raises DataError."""
    return _gather(data, _labelled_loader(root))


def text_corpora(root: Path, data: Data) -> Corpora[str]:
    """What a recipe of texts names: labelled, unlabelled, the English of parallel ones, stories.

    Raises DataError.
    """
    return _gather(data, text_loader(root))


def text_tests(root: Path, data: Data) -> dict[str, list[str]]:
    """The test sets of a recipe of texts by name. Raises DataError."""
    return _held_out(data.test, text_loader(root))


def further_texts(
    root: Path, data: ClassificationData, labels: Sequence[str], unlabelled: bool
) -> FurtherTexts:
    """What a classification recipe names beside labelled texts. Raises DataError.

    ``unlabelled`` is whether those without labels are wanted.
    """
    load = text_loader(root)
    wanted = data.unlabelled if unlabelled else ()
    plain = [load(source) for source in wanted]
    files = [Path(source.file) for source in data.taught]
    taught = [read_taught(path) for path in files]
    rows = Counter(row.source for file in taught for row in file.rows)
    return FurtherTexts(
        unlabelled=plain,
        taught=[[row.text for row in file.rows] for file in taught],
        probabilities=[
            in_order(file, labels, path) for file, path in zip(taught, files, strict=True)
        ],
        sources=[
            *(_described(source, len(part)) for source, part in zip(wanted, plain, strict=True)),
            *(describe_text_source(name, count) for name, count in rows.items()),
        ],
    )


def load_texts(root: Path, names: Sequence[str]) -> dict[str, list[str]]:
    """The texts of sources that are written NAME or NAME:SPLIT, by that name. Raises DataError."""
    load = text_loader(root)
    return {name: load(source_to_learn_from(name)) for name in names}


def source_to_learn_from(name: str) -> Source:
    """The source that is written NAME or NAME:SPLIT. Raises DataError for one held out."""
    source = Source.named(name)
    if source.split in HELD_OUT_SPLITS:
        raise DataError(f'"{name}" is held out; its texts are not to be learnt from')
    return source


def merged_sources(*groups: Sequence[DataSource]) -> list[DataSource]:
    """All sources, each name once, as the first group that has it describes it."""
    merged: dict[str, DataSource] = {}
    for source in (source for group in groups for source in group):
        merged.setdefault(source.name, source)
    return list(merged.values())


def text_loader(root: Path) -> Callable[[Source], list[str]]:
    """Loads texts whether they have labels, translations or neither."""
    labelled = _labelled_loader(root)
    parallel = parallel_loader(root, Languages(source="en", target="de"))

    def load(source: Source) -> list[str]:
        if source.source == BOOK:
            return _split(book_splits(_BOOK_SIZES, _SYNTHETIC_SEED), source)
        if source.split == "unlabelled":
            return load_unlabelled(root, source.source)
        if source.source in PARALLEL:
            # One English sentence has several translations.
            return list(dict.fromkeys(pair.source for pair in parallel(source)))
        return [example.text for example in labelled(source)]

    return load


def parallel_corpora(root: Path, data: Data, languages: Languages) -> Corpora[SentencePair]:
    """What a translation recipe names. Raises DataError."""
    return _gather(data, parallel_loader(root, languages))


def labelled_tests(root: Path, data: Data) -> dict[str, list[LabelledText]]:
    """The test sets of a classification recipe by name. Raises DataError."""
    return _held_out(data.test, _labelled_loader(root))


def parallel_tests(root: Path, data: Data, languages: Languages) -> dict[str, list[SentencePair]]:
    """The test sets of a translation recipe by name. Raises DataError."""
    return _held_out(data.test, parallel_loader(root, languages))


def tagged_corpora(root: Path, data: Data) -> Corpora[TaggedSentence]:
    """What a tagging recipe names. Raises DataError."""
    return _gather(data, _tagged_loader(root))


def tagged_tests(root: Path, data: Data) -> dict[str, list[TaggedSentence]]:
    """The test sets of a tagging recipe by name. Raises DataError."""
    return _held_out(data.test, _tagged_loader(root))


def _tagged_loader(root: Path) -> Callable[[Source], list[TaggedSentence]]:
    """Loads the splits of tagged sources, and reads the files of each source once."""

    @cache
    def splits(source: str) -> Mapping[str, list[TaggedSentence]]:
        loaded = load_tagged_splits(root, source)
        return {split: sentences for split, (sentences, _) in loaded.items()}

    return lambda source: _split(splits(source.source), source)


def _labelled_loader(root: Path) -> Callable[[Source], list[LabelledText]]:
    """Loads the splits of classification sources, and reads the files of each source once."""

    @cache
    def splits(source: str) -> Mapping[str, list[LabelledText]]:
        if source == "synthetic":
            return sentiment_splits(_SYNTHETIC_SIZES, _SYNTHETIC_SEED)
        if source == COMPOSED:
            return {"train": composed_sentences(_COMPOSED_SIZE, _SYNTHETIC_SEED)}
        if source == PROBES:
            return {"test": [LabelledText(probe.text, probe.label) for probe in read_probes()]}
        load = load_language_splits if source in LANGUAGES else load_sentiment_splits
        loaded = load(root, source)
        return {split: examples for split, (examples, _) in loaded.items()}

    return lambda source: _split(splits(source.source), source)


def parallel_loader(root: Path, languages: Languages) -> Callable[[Source], list[SentencePair]]:
    """Loads the splits of translation sources, and reads the files of each source once.

    What it returns raises DataError.
    """

    @cache
    def splits(source: str) -> Mapping[str, list[SentencePair]]:
        if source == "reverse":
            return reverse_splits(_REVERSE_SIZES, _SYNTHETIC_SEED)
        loaded = load_parallel_splits(root, source, (languages.source, languages.target))
        return {split: pairs for split, (pairs, _) in loaded.items()}

    return lambda source: _split(splits(source.source), source)


def _split(splits: Mapping[str, list[Example]], source: Source) -> list[Example]:
    if source.split not in splits:
        raise DataError(
            f'"{source.source}" has no split "{source.split}"; it has {", ".join(splits)}'
        )
    return splits[source.split]


def own_labelled(own: OwnData, seed: int) -> Corpora[LabelledText]:
    """A user's labelled texts, split by a hash of the text. Raises DataError."""
    examples = read_labelled(own.file, own.text_column, own.label_column)
    train, validation, test = split_examples(examples, HELD_OUT, seed)
    return _own(own, train, validation, test)


def own_passages(own: OwnData, seed: int) -> Corpora[str]:
    """A user's own text, split by a hash of each passage. Raises DataError."""
    passages = read_passages(own.file, own.text_column)
    require_enough(own.file, passages)
    train, validation, test = split_passages(passages, HELD_OUT, seed)
    return _own(own, train, validation, test)


def own_pairs(own: OwnData, seed: int) -> Corpora[SentencePair]:
    """A user's sentence pairs, split by a hash of the source sentence. Raises DataError."""
    pairs = read_pairs(own.file, own.source_column, own.target_column)
    train, validation, test = split_pairs(pairs, HELD_OUT, seed)
    return _own(own, train, validation, test)


def own_tagged(own: OwnData, seed: int) -> Corpora[TaggedSentence]:
    """A user's tagged sentences, split by a hash of their words. Raises DataError."""
    sentences = read_tagged_file(own.file)
    texts = [" ".join(sentence.tokens) for sentence in sentences]
    parts = stratified_parts(texts, [""] * len(texts), HELD_OUT, seed)
    train, validation, test = (
        [sentence for sentence, part in zip(sentences, parts, strict=True) if part == wanted]
        for wanted in range(3)
    )
    return _own(own, train, validation, test)


def _own(
    own: OwnData, train: list[Example], validation: list[Example], test: list[Example]
) -> Corpora[Example]:
    name = own.file.stem
    # A file of a few dozen rows can leave a part empty; what was trained on is then looked at.
    if not validation:
        _log.info(
            "%s is so small that nothing is held out for validation: the weights are chosen, and "
            "scored, on what they are trained on",
            own.file.name,
        )
    if not test:
        _log.info("%s is so small that nothing is held out for a test", own.file.name)
    return Corpora(
        train=[train],
        takes=[None],
        validation={name: validation or train},
        test={name: test} if test else {},
        sources=[own.described(len(train))],
    )


def _gather(data: Data, load: Callable[[Source], list[Example]]) -> Corpora[Example]:
    train = [load(source) for source in data.train]
    return Corpora(
        train=train,
        takes=[source.take for source in data.train],
        validation=_held_out(data.validation, load),
        test=_held_out(data.test, load),
        sources=[
            _described(source, len(part)) for source, part in zip(data.train, train, strict=True)
        ],
    )


def _held_out(
    sources: Sequence[Source], load: Callable[[Source], list[Example]]
) -> dict[str, list[Example]]:
    """The sets by the names of their sources, and of their splits where a source gives several."""
    names = [source.source for source in sources]

    def name(source: Source) -> str:
        only = names.count(source.source) == 1
        return source.source if only else f"{source.source} {source.split}"

    return {name(source): spread(load(source), source.take) for source in sources}


def _described(source: Source, rows: int) -> DataSource:
    """A split beside the one for training has a name of its own."""
    return describe_source(source.source, rows).model_copy(update={"name": source.name})


def describe_text_source(name: str, rows: int) -> DataSource:
    """The same for NAME or NAME:SPLIT; of a name that is not known it says just that."""
    try:
        return _described(Source.named(name), rows)
    except KeyError:
        return DataSource(name=name, url="", license="unknown", rows=rows)


def dataset_of(source: str) -> str:
    """The dataset that a source is read from; two sources may share one."""
    return _DATASET_OF.get(source, source)


def is_public(name: str) -> bool:
    """Whether a source, NAME or NAME:SPLIT, is one that recipes name; else it is a user's file."""
    source = name.split(":")[0]
    return source in SYNTHETIC or dataset_of(source) in DATASETS


def generated_source(name: str, rows: int) -> DataSource:
    """What a manifest says of data that a program makes. rows: that were trained on."""
    return DataSource(name=name, url="", license="generated; no rights", rows=rows)


def describe_source(name: str, rows: int) -> DataSource:
    """What a manifest says of a source that a recipe names. Raises KeyError for another."""
    if name in SYNTHETIC:
        return generated_source(name, rows)
    facts = DATASETS[dataset_of(name)]
    return DataSource(name=name, url=facts.address, license=facts.license, rows=rows)
