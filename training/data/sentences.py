"""Reads collections of labelled sentences that have no official split: Yelp and product reviews.

Both are lower-cased and tokenised at their source; tokens become text again, the case stays. A
hash of each sentence decides its split. This module knows nothing about other datasets.
"""

import gzip
import zlib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from training.data.detokenize import detokenize
from training.data.errors import DataError
from training.data.examples import LabelledText, LoadReport
from training.data.splits import normalise, three_way

YELP_FILES = {
    "negative": Path("yelp_sentences") / "sentiment.dev.0.gz",
    "positive": Path("yelp_sentences") / "sentiment.dev.1.gz",
}
CUSTOMER_REVIEW_FILES = {
    "negative": Path("customer_reviews") / "custrev.neg",
    "positive": Path("customer_reviews") / "custrev.pos",
}
# Yelp's numbers were replaced at the source by this word, which nobody types.
_PLACEHOLDER = "_num_"


def _read_lines(path: Path) -> list[str]:
    if not path.is_file():
        raise DataError(f"{path} is missing; expected one sentence a line")
    try:
        content = path.read_bytes()
        text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise DataError(f"{path} is damaged ({error}); fetch it again") from error
    return text.removesuffix("\n").split("\n")


def _load(
    root: Path, source: str, files: Mapping[str, Path], train: float, validation: float
) -> dict[str, tuple[list[LabelledText], LoadReport]]:
    rows: dict[str, list[LabelledText]] = {"train": [], "validation": [], "test": []}
    dropped: dict[str, Counter[str]] = {split: Counter() for split in rows}
    texts = {
        label: [detokenize(line) for line in _read_lines(root / path)]
        for label, path in files.items()
    }
    keys = {label: {normalise(text) for text in of_label} for label, of_label in texts.items()}
    ambiguous = keys["negative"] & keys["positive"]
    seen: set[str] = set()
    for label, of_label in texts.items():
        for text in of_label:
            split, key = three_way(text, train, validation), normalise(text)
            if not text:
                dropped[split]["empty"] += 1
            elif _PLACEHOLDER in text:
                dropped[split]["with a placeholder for a number"] += 1
            elif key in ambiguous:
                dropped[split]["with labels that disagree"] += 1
            elif key in seen:
                dropped[split]["repeated"] += 1
            else:
                seen.add(key)
                rows[split].append(LabelledText(text, label))
    return {
        split: (kept, LoadReport(source, split, len(kept), dict(dropped[split])))
        for split, kept in rows.items()
    }


def load_yelp(root: Path) -> dict[str, tuple[list[LabelledText], LoadReport]]:
    """Sentences of Yelp reviews, labelled by the stars of the review: 90, 5 and 5 percent."""
    return _load(root, "yelp", YELP_FILES, train=0.90, validation=0.05)


def load_customer_reviews(root: Path) -> dict[str, tuple[list[LabelledText], LoadReport]]:
    """Sentences about products (Hu and Liu 2004): 80, 10 and 10 percent."""
    return _load(root, "customer_reviews", CUSTOMER_REVIEW_FILES, train=0.80, validation=0.10)
