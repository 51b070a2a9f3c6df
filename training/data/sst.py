"""Reads the Stanford Sentiment Treebank (Socher et al. 2013) with the two labels of SST-2.

Tree labels 0 and 1 are negative, 3 and 4 positive, 2 (neutral) is dropped. Penn tokens become
text again. This module knows nothing about other datasets.
"""

import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from training.data.detokenize import detokenize
from training.data.errors import DataError
from training.data.examples import LabelledText, LoadReport
from training.data.splits import normalise

ARCHIVE = Path("sst") / "trainDevTestTrees_PTB.zip"

_MEMBERS = {
    "train": "trees/train.txt",
    "validation": "trees/dev.txt",
    "test": "trees/test.txt",
}
_TREE_TOKEN = re.compile(r"\((\d) |\)|([^()\s]+)")
_POLARITY = {0: "negative", 1: "negative", 3: "positive", 4: "positive"}


def nodes(tree: str) -> Iterator[tuple[int, str]]:
    """(label, tokens) of every node of a tree, children before parents, the root last.

    Raises ValueError when brackets do not match.
    """
    words: list[str] = []
    open_nodes: list[tuple[int, int]] = []  # label, index of the node's first word
    for found in _TREE_TOKEN.finditer(tree):
        if found[1] is not None:
            open_nodes.append((int(found[1]), len(words)))
        elif found[2] is not None:
            words.append(found[2])
        elif not open_nodes:
            raise ValueError("a bracket closes that was never opened")
        else:
            label, first = open_nodes.pop()
            yield label, " ".join(words[first:])
    if open_nodes:
        raise ValueError("a bracket is never closed")


def read_trees(root: Path) -> dict[str, list[str]]:
    """The trees of each split as they stand in the archive, one a line."""
    archive = root / ARCHIVE
    if not archive.is_file():
        raise DataError(f"{archive} is missing; expected the archive trainDevTestTrees_PTB.zip")
    try:
        with zipfile.ZipFile(archive) as members:
            return {
                split: members.read(member).decode("utf-8").splitlines()
                for split, member in _MEMBERS.items()
            }
    except (zipfile.BadZipFile, KeyError, zlib.error, UnicodeDecodeError) as error:
        raise DataError(f"{archive} is damaged ({error}); fetch it again") from error


def _nodes_of(trees: list[str], member: str) -> Iterator[list[tuple[int, str]]]:
    for line, tree in enumerate(trees, start=1):
        try:
            yield list(nodes(tree))
        except ValueError as error:
            raise DataError(f"{ARCHIVE.name}, {member}, line {line}: {error}") from error


def _held_out_sentences(trees: dict[str, list[str]]) -> set[str]:
    """The dev and test sentences of any label, normalised."""
    return {
        normalise(detokenize(labelled[-1][1]))
        for split in ("validation", "test")
        for labelled in _nodes_of(trees[split], _MEMBERS[split])
    }


def load_splits(root: Path) -> dict[str, tuple[list[LabelledText], LoadReport]]:
    """The sentences of SST-2: "train", "validation" (the official dev part) and "test".

    Validation and test are whole; the few train sentences that equal one of theirs ("No.") go.
    """
    trees = read_trees(root)
    held_out = _held_out_sentences(trees)
    result = {}
    for split, of_split in trees.items():
        dropped: Counter[str] = Counter()
        rows: list[LabelledText] = []
        for labelled in _nodes_of(of_split, _MEMBERS[split]):
            label, tokens = labelled[-1]
            text = detokenize(tokens)
            if label not in _POLARITY:
                dropped["neutral"] += 1
            elif split == "train" and normalise(text) in held_out:
                dropped["equal to a dev or test sentence"] += 1
            else:
                rows.append(LabelledText(text, _POLARITY[label]))
        result[split] = (rows, LoadReport("sst", split, len(rows), dict(dropped)))
    return result


def load_phrases(root: Path) -> tuple[list[LabelledText], LoadReport]:
    """Every labelled phrase of the train trees once, whole sentences included.

    Phrases that equal a dev or test sentence (of any label) are removed, and so are texts whose
    occurrences disagree on the label and those without a letter or digit.
    """
    trees = read_trees(root)
    held_out = _held_out_sentences(trees)
    seen: dict[str, Counter[int]] = {}
    total = 0
    for labelled in _nodes_of(trees["train"], _MEMBERS["train"]):
        for label, tokens in labelled:
            seen.setdefault(tokens, Counter())[label] += 1
            total += 1
    labels_of: dict[str, set[str | None]] = {}
    for tokens, counts in seen.items():
        labels_of.setdefault(detokenize(tokens), set()).update(map(_POLARITY.get, counts))
    dropped = Counter({"repeated": total - len(labels_of)})
    rows: list[LabelledText] = []
    for text, labels in labels_of.items():
        polarity = next(iter(labels))
        if len(labels) > 1:
            dropped["with labels that disagree"] += 1
        elif polarity is None:
            dropped["neutral"] += 1
        elif not any(character.isalnum() for character in text):
            dropped["without a letter or digit"] += 1
        elif normalise(text) in held_out:
            dropped["equal to a dev or test sentence"] += 1
        else:
            rows.append(LabelledText(text, polarity))
    return rows, LoadReport("sst_phrases", "train", len(rows), dict(dropped))
