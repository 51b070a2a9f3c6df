"""Runs the study on the IMDb test and leaves what it found in a folder.

That is results.json, and words.tsv with every frequent word by itself. Draws and prints nothing.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from training.data.imdb import load_splits
from training.progress import LINE_EVERY
from training.studies.gates.readings import DIRECTIONS, NAMES, GatedClassifier
from training.studies.gates.study import Findings, results, run_study
from training.studies.gates.word_classes import CLASSES, read_lexicon

RESULTS, WORDS = "results.json", "words.tsv"
_FREQUENT = 50e-6  # of all words; rarer ones are not in words.tsv, and at least
_FEWEST = 5


@dataclass(frozen=True)
class Choice:
    """What is studied: a version's folder, that of the datasets, how many reviews (None: all), the
    seed of their choice and of the bootstrap, and how many samples this has."""

    model: Path
    root: Path
    limit: int | None = None
    seed: int = 1
    samples: int = 1000


def run_and_write(choice: Choice, out: Path, quiet: bool = False) -> dict[str, Any]:
    """Runs the study, writes into `out`, returns the results.

    Raises ArtifactError, DataError, OSError, and GatesError for a model without an LSTM's gates.
    """
    model = GatedClassifier(choice.model)  # what may be wrong is said before anything is read
    out.mkdir(parents=True, exist_ok=True)
    lexicon = read_lexicon(choice.root)
    reviews, report = load_splits(choice.root)["test"]
    texts = [review.text for review in reviews]
    if choice.limit is not None and choice.limit < len(texts):
        chosen = np.random.default_rng(choice.seed).permutation(len(texts))[: choice.limit]
        texts = [texts[index] for index in chosen.tolist()]
    findings = run_study(
        model, texts, lexicon, choice.samples, choice.seed, partial(_watched, quiet=quiet)
    )
    manifest = model.artifact.manifest
    found = {
        "model": {
            "name": manifest.name,
            "version": manifest.version,
            "precision": manifest.precision,
            "layers": model.layers,
            "directions": len(findings.sums),
        },
        "reviews": {
            "of": f"{report.source} {report.split}",
            "all": len(reviews),
            "read": len(texts),
        },
        "seed": choice.seed,
        "bootstrap samples": choice.samples,
        **results(findings),
    }
    (out / RESULTS).write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    (out / WORDS).write_text(words_table(findings), "utf-8")
    return found


def words_table(findings: Findings) -> str:
    """Each frequent word with its class, and the mean of every measure in each direction; fields
    set apart by tabs, with a header."""
    words = findings.words
    header = ["word", "class", "in the reviews", "measured"]
    directions = DIRECTIONS[: len(findings.sums)]
    header += [f"{one}, {', '.join(name)}" for one in directions for name in NAMES]
    fewest = max(_FREQUENT * findings.counted.sum(), _FEWEST)
    lines = ["\t".join(header)]
    for number in np.argsort(-findings.counted, kind="stable").tolist():
        measured = int(findings.counted[number])
        if measured < fewest:
            break
        means = (findings.by_word[:, number] / measured).ravel().tolist()
        about = [words.spelt[number], CLASSES[words.classes[number]], str(words.counts[number])]
        lines.append("\t".join([*about, str(measured), *(f"{mean:.5f}" for mean in means)]))
    return "".join(f"{line}\n" for line in lines)


def _watched(items: Iterator[Any], total: int, quiet: bool) -> Iterator[Any]:
    """The items, with a progress bar that counts them on standard error."""
    every = 1.0 if sys.stderr.isatty() else LINE_EVERY
    return iter(tqdm(items, total=total, unit="review", mininterval=every, disable=quiet))
