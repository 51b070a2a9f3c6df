"""Texts labelled with their language, made of the sentence pairs: English, German and French.

Whatever source a sentence stands in, the hash of the sentence itself decides its split, so that
none that is held out was trained on, not even as a fragment of another. To train on, each sentence
comes once whole (or with those behind it) and once as a fragment; the held-out ones come whole and,
as splits of their own, cut to 1, 2, 3 and 5 words. This module knows nothing about the files.
"""

import logging
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from training.data.errors import DataError
from training.data.examples import LabelledText, LoadReport
from training.data.fragments import joined, roughened, some_words, span
from training.data.parallel import load_parallel_splits
from training.data.splits import fraction_of, normalise, three_way

_log = logging.getLogger(__name__)

Splits = dict[str, tuple[list[LabelledText], LoadReport]]

# The parallel dataset of each source, and the languages that it pairs with English.
SOURCES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "tatoeba_languages": ("tatoeba", ("de", "fr")),
    "multi30k_languages": ("multi30k", ("de", "fr")),
    "newstest_languages": ("newstest", ("de",)),
    "bcontrast_languages": ("bcontrast", ("de",)),
}
# Splits of held-out fragments, by their words.
FRAGMENTS = {"1_word": 1, "2_words": 2, "3_words": 3, "5_words": 5}
LARGEST = 100_000  # sentences of a language to train on: one source must not drown the others
_JOINED = 0.15  # of the whole sentences to train on that come with some of those behind them


def load_language_splits(root: Path, source: str) -> Splits:
    """Every split of `source`: train, validation and test, and validation_3_words and the like.

    Raises DataError for an unknown source and for files that are missing or damaged.
    """
    if source not in SOURCES:
        raise DataError(
            f'no dataset of languages is called "{source}"; there are {", ".join(SOURCES)}'
        )
    dropped: Counter[str] = Counter()
    held: dict[str, list[LabelledText]] = {"train": [], "validation": [], "test": []}
    for language, sentences in _sentences(root, source, dropped).items():
        placed: dict[str, list[str]] = {split: [] for split in held}
        for sentence in sentences:
            placed[_place(sentence)].append(sentence)
        held["train"] += _to_train_on(placed["train"], language, dropped)
        for split in ("validation", "test"):
            held[split] += [LabelledText(sentence, language) for sentence in placed[split]]
    splits = {
        split: (rows, LoadReport(source, split, len(rows), dropped if split == "train" else {}))
        for split, rows in {**held, **_fragments(held)}.items()
    }
    for _, report in splits.values():
        _log.info("%s", report)
    return splits


def _sentences(root: Path, source: str, dropped: Counter[str]) -> dict[str, list[str]]:
    """The sentences of each language, each once; none that stands in two languages."""
    dataset, others = SOURCES[source]
    found: dict[str, dict[str, str]] = {"en": {}}
    for other in others:
        found[other] = {}
        for pairs, _ in load_parallel_splits(root, dataset, ("en", other)).values():
            for english, translation in pairs:
                found["en"].setdefault(normalise(english), english)
                found[other].setdefault(normalise(translation), translation)
    languages = Counter(key for keys in found.values() for key in keys)
    kept = {}
    for language, by_key in found.items():
        ambiguous = [key for key in by_key if languages[key] > 1]
        dropped["in two languages"] += len(ambiguous)
        kept[language] = [text for key, text in by_key.items() if languages[key] == 1]
    return kept


def _place(text: str) -> str:
    return three_way(text, train=0.96, validation=0.02)


def _to_train_on(sentences: list[str], language: str, dropped: Counter[str]) -> list[LabelledText]:
    # In an order of their own: neighbours in a file resemble each other.
    sentences = sorted(sentences, key=lambda sentence: fraction_of(sentence, "order"))
    dropped["beyond what is taken of one source"] += max(0, len(sentences) - LARGEST)
    sentences = sentences[:LARGEST]
    rows = []
    for i, sentence in enumerate(sentences):
        is_joined = fraction_of(sentence, "joined?") < _JOINED
        whole = joined(sentences, i, "train") if is_joined else sentence
        for text in (whole, some_words(sentence, "train")):
            if _place(text) == "train":  # a fragment can be a short sentence that is held out
                rows.append(LabelledText(roughened(text, "train"), language))
            else:
                dropped["equal to a held-out sentence, as a fragment"] += 1
    return rows


def _fragments(held: Mapping[str, list[LabelledText]]) -> dict[str, list[LabelledText]]:
    """The held-out sentences cut to a few words; those that have fewer are left out."""
    return {
        f"{split}_{name}": [
            LabelledText(cut, language)
            for text, language in held[split]
            if (cut := span(text, words, split)) is not None
        ]
        for split in ("validation", "test")
        for name, words in FRAGMENTS.items()
    }
