"""Reads the tweets of SemEval 2013 to 2016, task A, with two labels: neutral tweets are dropped.

The files disagree in their form: texts stand in quotes or not, with doubled or escaped quotes in
them, carry `\\u2019` escapes and HTML entities, and one file ends some lines with a tab or a date.
This module knows nothing about other datasets.
"""

import html
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from training.data.errors import DataError
from training.data.examples import LabelledText, LoadReport
from training.data.splits import normalise

FOLDER = Path("semeval")
# Held-out files come first: a tweet belongs to the first file that has it.
FILES = {
    "test": ("twitter-2016test-A.tsv",),
    "validation": ("twitter-2016devtest-A.tsv",),
    "train": (
        "twitter-2013train-A.tsv",
        "twitter-2013dev-A.tsv",
        "twitter-2013test-A.tsv",
        "twitter-2014test-A.tsv",
        "twitter-2015train-A.tsv",
        "twitter-2015test-A.tsv",
        "twitter-2016train-A.tsv",
        "twitter-2016dev-A.tsv",
    ),
}

_LABELS = ("positive", "neutral", "negative")
_ESCAPES = re.compile(r"(?:\\u[0-9a-fA-F]{4})+")
_MISSING = "not available"


class Tweet(NamedTuple):
    """A line of a file; `text` is as a person would have typed it."""

    identifier: str
    label: str
    text: str


def _decode_escapes(found: re.Match[str]) -> str:
    # A run is decoded at once because an emoji is written as two surrogates.
    units = bytes.fromhex(found[0].replace("\\u", ""))
    return units.decode("utf-16-be", "replace")


def tweet_text(field: str) -> str:
    """The text of a tweet from the third field of a line: quotes, escapes and entities undone."""
    text = field.strip()
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = text[1:-1]
    text = text.replace('\\"', '"').replace('""', '"')
    text = html.unescape(_ESCAPES.sub(_decode_escapes, text))
    return " ".join(text.split())


def read_tweets(path: Path) -> Iterator[Tweet]:
    """The tweets of one file. Raises DataError for a missing file or a line of another form."""
    if not path.is_file():
        raise DataError(f"{path} is missing; expected lines of id, label and text")
    # Line breaks other than \n may stand inside a tweet.
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        if not line.strip():
            continue
        fields = line.rstrip("\r").split("\t")
        # Some lines end with a tab, or with the date as a fourth field.
        if len(fields) not in (3, 4) or fields[1] not in _LABELS:
            raise DataError(
                f"{path}, line {number}: expected id, label (one of {', '.join(_LABELS)}) and "
                f"text, separated by tabs"
            )
        yield Tweet(fields[0], fields[1], tweet_text(fields[2]))


def load_splits(root: Path) -> dict[str, tuple[list[LabelledText], LoadReport]]:
    """Test is the test of 2016, validation its devtest, train all other files.

    A tweet that stands in several files, by id or by text, counts once: in test rather than
    validation, in validation rather than train. One whose labels disagree inside a split keeps
    none of them and is dropped.
    """
    result = {}
    earlier_identifiers: set[str] = set()
    earlier_texts: set[str] = set()
    for split, names in FILES.items():
        dropped: Counter[str] = Counter()
        groups: dict[str, list[Tweet]] = {}
        key_of_identifier: dict[str, str] = {}
        for name in names:
            for tweet in read_tweets(root / FOLDER / name):
                if tweet.text.casefold() == _MISSING or not tweet.text:
                    dropped["not available"] += 1
                    continue
                if tweet.identifier in earlier_identifiers or (
                    normalise(tweet.text) in earlier_texts
                ):
                    dropped["also in a held-out split"] += 1
                    continue
                key = key_of_identifier.setdefault(tweet.identifier, normalise(tweet.text))
                groups.setdefault(key, []).append(tweet)
        rows = []
        for tweets in groups.values():
            labels = {tweet.label for tweet in tweets}
            dropped["repeated"] += len(tweets) - 1
            if len(labels) > 1:
                dropped["with labels that disagree"] += 1
            elif labels == {"neutral"}:
                dropped["neutral"] += 1
            else:
                rows.append(LabelledText(tweets[0].text, tweets[0].label))
        earlier_identifiers.update(key_of_identifier)
        earlier_texts.update(groups)
        result[split] = (rows, LoadReport("semeval", split, len(rows), dict(dropped)))
    return result


def load_unlabelled(root: Path) -> tuple[list[str], LoadReport]:
    """The neutral tweets of the training files, less those that stand in a held-out file."""
    held_out = {
        normalise(tweet.text)
        for split in ("test", "validation")
        for name in FILES[split]
        for tweet in read_tweets(root / FOLDER / name)
    }
    neutral = {
        normalise(tweet.text): tweet.text
        for name in FILES["train"]
        for tweet in read_tweets(root / FOLDER / name)
        if tweet.label == "neutral" and tweet.text and tweet.text.casefold() != _MISSING
    }
    kept = [text for key, text in neutral.items() if key not in held_out]
    dropped = {"also in a held-out split": len(neutral) - len(kept)}
    return kept, LoadReport("semeval", "unlabelled", len(kept), dropped)
