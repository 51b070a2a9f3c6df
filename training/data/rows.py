"""Counts the rows of a dataset's files as they lie on disk, before any loader selects among them.

This module knows nothing about fetching; the numbers to expect stand in `registry.py`.
"""

import gzip
import json
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from training.data import imdb, parallel, semeval, sentences, sst
from training.data.errors import DataError


def _lines(path: Path) -> int:
    content = path.read_bytes()
    text = gzip.decompress(content) if path.suffix == ".gz" else content
    return text.count(b"\n") + (bool(text) and not text.endswith(b"\n"))


def _blocks(path: Path) -> int:
    """Sentences of a CoNLL file: runs of lines with a token, set apart by empty lines."""
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8")
    blocks, inside = 0, False
    for line in text.split("\n"):
        token = bool(line.strip()) and not line.startswith("# ")
        blocks += token and not inside
        inside = token
    return blocks


def _count_imdb(root: Path) -> dict[str, int]:
    counts = Counter(
        "unsupervised" if review.kind == "unsup" else review.part
        for review in imdb.read_reviews(root / imdb.ARCHIVE, unlabelled=True)
    )
    return dict(counts)


def _count_sst(root: Path) -> dict[str, int]:
    return {split: len(trees) for split, trees in sst.read_trees(root).items()}


def _count_semeval(root: Path) -> dict[str, int]:
    folder = root / semeval.FOLDER
    names = [name for of_split in semeval.FILES.values() for name in of_split]
    return {"tweets": sum(1 for name in names for _ in semeval.read_tweets(folder / name))}


def _count_yelp(root: Path) -> dict[str, int]:
    return {label: _lines(root / path) for label, path in sentences.YELP_FILES.items()}


def _count_customer_reviews(root: Path) -> dict[str, int]:
    return {label: _lines(root / path) for label, path in sentences.CUSTOMER_REVIEW_FILES.items()}


def _same_in_all(paths: list[Path]) -> int:
    counts = {path: _lines(path) for path in paths}
    if len(set(counts.values())) > 1:
        numbers = ", ".join(f"{path.name} {count:,}" for path, count in counts.items())
        raise DataError(f"{paths[0].parent}: expected as many lines in each of {numbers}")
    return counts[paths[0]]


def _count_multi30k(root: Path) -> dict[str, int]:
    return {
        split: _same_in_all(
            [root / "multi30k" / f"{name}.{language}.gz" for language in ("en", "de", "fr")]
        )
        for split, name in parallel.MULTI30K_FILES.items()
    }


def _count_tatoeba(root: Path) -> dict[str, int]:
    counts = {}
    for language, (archive, member) in parallel.TATOEBA_ARCHIVES.items():
        with zipfile.ZipFile(root / "tatoeba" / archive) as members:
            counts[f"en-{language}"] = members.read(member).count(b"\n")
    return counts


def _count_newstest(root: Path) -> dict[str, int]:
    return {
        split: _same_in_all(
            [root / "newstest" / f"{name}.deu-eng.{code}.gz" for code in ("deu", "eng")]
        )
        for split, name in parallel.NEWSTEST_FILES.items()
    }


def _count_bcontrast(root: Path) -> dict[str, int]:
    dialogues = json.loads((root / "bcontrast" / "train.json").read_text(encoding="utf-8"))
    return {"utterances": sum(map(len, dialogues.values()))}


def _count_ud_ewt(root: Path) -> dict[str, int]:
    return {
        part: _blocks(root / "ud_ewt" / f"en_ewt-ud-{part}.conllu.gz")
        for part in ("train", "dev", "test")
    }


def _count_wnut17(root: Path) -> dict[str, int]:
    names = {
        "train": "wnut17train.conll",
        "dev": "emerging.dev.conll",
        "test": "emerging.test.annotated",
    }
    return {part: _blocks(root / "wnut17" / name) for part, name in names.items()}


_COUNTERS: Mapping[str, Callable[[Path], dict[str, int]]] = {
    "imdb": _count_imdb,
    "sst": _count_sst,
    "semeval": _count_semeval,
    "yelp_sentences": _count_yelp,
    "customer_reviews": _count_customer_reviews,
    "multi30k": _count_multi30k,
    "tatoeba": _count_tatoeba,
    "newstest": _count_newstest,
    "bcontrast": _count_bcontrast,
    "ud_ewt": _count_ud_ewt,
    "wnut17": _count_wnut17,
}


def count_rows(name: str, root: Path) -> dict[str, int]:
    """Rows by part of the dataset `name`, whose folder lies under `root`.

    Raises DataError when a file is missing or cannot be read.
    """
    try:
        return _COUNTERS[name](root)
    except (
        OSError,
        EOFError,
        ValueError,
        KeyError,
        AttributeError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise DataError(f"{root / name} cannot be read: {error}; fetch it again") from error
