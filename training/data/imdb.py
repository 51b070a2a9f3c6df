"""Reads the Large Movie Review Dataset (Maas et al. 2011) from its archive, in one pass.

The archive is streamed and never unpacked to disk. This module knows nothing about other datasets.
"""

import gzip
import re
import tarfile
import zlib
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from training.data.errors import DataError
from training.data.examples import LabelledText, LoadReport
from training.data.splits import fraction_of, normalise

ARCHIVE = Path("imdb") / "aclImdb_v1.tar.gz"
VALIDATION_FRACTION = 0.1

_MEMBER = re.compile(r"(?:\./)?aclImdb/(train|test)/(pos|neg|unsup)/(\d+)_\d+\.txt\Z")
_LINE_BREAKS = re.compile(r"\s*(?:<br\s*/?>\s*)+", re.IGNORECASE)
_LABELS = {"neg": "negative", "pos": "positive"}


class Review(NamedTuple):
    """One file of the archive; `kind` is "pos", "neg" or "unsup"."""

    part: str
    kind: str
    number: int
    text: str


def plain_text(review: str) -> str:
    """A review without its markup: each run of `<br />` becomes one line break."""
    return _LINE_BREAKS.sub("\n", review).strip()


def read_reviews(archive: Path, unlabelled: bool = False) -> list[Review]:
    """All reviews in the order of their names, whatever their order in the archive.

    Raises DataError when the archive is missing or damaged, or holds no reviews.
    """
    if not archive.is_file():
        raise DataError(f"{archive} is missing; expected the archive aclImdb_v1.tar.gz")
    reviews: list[Review] = []
    try:
        # gzip notices an archive that was cut off between two files; tarfile's "r|gz" does not.
        with gzip.open(archive) as content, tarfile.open(fileobj=content, mode="r|") as members:
            for member in members:
                found = _MEMBER.match(member.name)
                if found is None or (found[2] == "unsup" and not unlabelled):
                    continue
                review = members.extractfile(member)
                if review is not None:
                    text = review.read().decode("utf-8")
                    reviews.append(Review(found[1], found[2], int(found[3]), plain_text(text)))
                # A stream keeps every header it has seen; 100,000 of them are not needed.
                members.members = []  # type: ignore[attr-defined]
    except (tarfile.TarError, EOFError, OSError, zlib.error, UnicodeDecodeError) as error:
        raise DataError(f"{archive} is damaged ({error}); fetch it again") from error
    if not reviews:
        raise DataError(f"{archive} holds no reviews; expected aclImdb/train/pos/0_9.txt and so on")
    return sorted(reviews)


def load_splits(root: Path) -> dict[str, tuple[list[LabelledText], LoadReport]]:
    """The labelled splits: "train", "validation" and "test".

    Test is the official one, whole. Of the official train, reviews that also stand in test are
    removed; of the rest a hash of the text puts a tenth into validation, so that equal reviews
    stay together.
    """
    examples: dict[str, list[LabelledText]] = {"train": [], "validation": [], "test": []}
    reviews = read_reviews(root / ARCHIVE)
    in_test = {normalise(review.text) for review in reviews if review.part == "test"}
    leaked: Counter[str] = Counter()
    for review in reviews:
        split = review.part
        if split == "train" and fraction_of(review.text) < VALIDATION_FRACTION:
            split = "validation"
        if review.part == "train" and normalise(review.text) in in_test:
            leaked[split] += 1
            continue
        examples[split].append(LabelledText(review.text, _LABELS[review.kind]))
    return {
        split: (rows, LoadReport("imdb", split, len(rows), {"also in test": leaked[split]}))
        for split, rows in examples.items()
    }


def load_unlabelled(root: Path) -> tuple[list[str], LoadReport]:
    """The reviews without stars, less those that also stand in test or validation."""
    reviews = read_reviews(root / ARCHIVE, unlabelled=True)
    held_out = {
        normalise(review.text)
        for review in reviews
        if review.kind != "unsup"
        and (review.part == "test" or fraction_of(review.text) < VALIDATION_FRACTION)
    }
    texts = [review.text for review in reviews if review.kind == "unsup"]
    kept = [text for text in texts if normalise(text) not in held_out]
    dropped = {"also in test or validation": len(texts) - len(kept)}
    return kept, LoadReport("imdb", "unsupervised", len(kept), dropped)
