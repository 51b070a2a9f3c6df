"""One door to all sentiment datasets: `load_sentiment(root, source, split)`.

Labels are "negative" and "positive" everywhere. What each loader drops is counted, logged and
reported. This module knows nothing about the files themselves.
"""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from training.data import composed_sst, composed_yelp, imdb, imdb_sentences, semeval, sentences, sst
from training.data.errors import DataError
from training.data.examples import LabelledText, LoadReport

_log = logging.getLogger(__name__)

Splits = dict[str, tuple[list[LabelledText], LoadReport]]


def _sst_phrases(root: Path) -> Splits:
    return {"train": sst.load_phrases(root)}


SOURCES: Mapping[str, Callable[[Path], Splits]] = {
    "imdb": imdb.load_splits,
    imdb_sentences.SOURCE: imdb_sentences.load_imdb_sentences,
    "sst": sst.load_splits,
    "sst_phrases": _sst_phrases,
    composed_sst.SOURCE: composed_sst.load_composed_sst,
    "semeval": semeval.load_splits,
    "yelp": sentences.load_yelp,
    composed_yelp.SOURCE: composed_yelp.load_composed_yelp,
    "customer_reviews": sentences.load_customer_reviews,
}
UNLABELLED: Mapping[str, Callable[[Path], tuple[list[str], LoadReport]]] = {
    "imdb": imdb.load_unlabelled,
    "semeval": semeval.load_unlabelled,
}


def load_sentiment_splits(root: Path, source: str) -> Splits:
    """Every split of `source` with its report, from one reading of the files under `root`.

    Raises DataError for an unknown source and for files that are missing or damaged.
    """
    if source not in SOURCES:
        raise DataError(
            f'no sentiment dataset is called "{source}"; there are {", ".join(SOURCES)}'
        )
    splits = SOURCES[source](root)
    for _, report in splits.values():
        _log.info("%s", report)
    return splits


def load_sentiment(root: Path, source: str, split: str) -> list[LabelledText]:
    """One split of `source`: "train", "validation" or "test".

    "imdb_sentences", "sst_phrases", "sst_composed" and "yelp_composed" have "train" alone.

    Raises DataError for an unknown source or split and for files that are missing or damaged.
    """
    splits = load_sentiment_splits(root, source)
    if split not in splits:
        raise DataError(f'"{source}" has no split "{split}"; it has {", ".join(splits)}')
    return splits[split][0]


def load_unlabelled(root: Path, source: str = "imdb") -> list[str]:
    """Texts without labels, none of which stands in a held-out split of the same source.

    Raises DataError for a source that has none, and for files that are missing or damaged.
    """
    if source not in UNLABELLED:
        raise DataError(
            f'"{source}" has no unlabelled texts; there are those of {", ".join(UNLABELLED)}'
        )
    texts, report = UNLABELLED[source](root)
    _log.info("%s", report)
    return texts
