"""Runs that train in seconds, through the command line as a user starts it."""

import csv
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.cli import main

REVERSE_SETTINGS = (
    "training.epochs=6",
    "training.learning_rate=5e-3",
    "training.tokens_per_batch=350",
)
STARS_SETTINGS = (
    "tokenizer.vocabulary=400",
    "network.embedding_size=12",
    "network.hidden_size=12",
    "network.dropout=0.1",
    "network.word_dropout=0.0",
    "training.tokens_per_batch=400",
    "training.learning_rate=0.02",
    "training.warmup_steps=10",
    "training.minimum_steps=0",
    "training.epochs=9",
    "training.ema=0.5",
    "training.precision=fp32",
)
STARS = ("1", "3", "10")  # as numbers 10 comes last, as names it would come second
_WORDS = {
    "1": ("awful", "broken", "rude", "dreadful"),
    "3": ("average", "acceptable", "ordinary", "plain"),
    "10": ("superb", "lovely", "perfect", "charming"),
}
_THINGS = ("hotel", "phone", "film", "food", "staff", "book")


@dataclass(frozen=True)
class TrainedRun:
    """Where a run and what it published lie."""

    run: Path
    models: Path
    name: str

    @property
    def published(self) -> Path:
        return self.models / self.name / "1"

    def copy_models(self, repository: Path) -> None:
        shutil.copytree(self.models / self.name, repository / self.name)


def flags(settings: Sequence[str]) -> list[str]:
    """``--set`` for each setting."""
    return [part for setting in settings for part in ("--set", setting)]


def review(stars: str, number: int) -> str:
    """A review that says by its words how many stars it gives."""
    words = _WORDS[stars]
    thing = _THINGS[number % len(_THINGS)]
    first, second = words[number % len(words)], words[number // len(words) % len(words)]
    return f"The {thing} no. {number} was {first}, really {second}."


def write_reviews(path: Path, rows: int, first: int = 0) -> Path:
    """A CSV with the columns id, review and stars; equally many rows of each class."""
    order = np.random.default_rng(first).permutation(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["id", "review", "stars"])
        for row in order.tolist():
            stars = STARS[row % len(STARS)]
            table.writerow([row, review(stars, first + row // len(STARS)), stars])
    return path


def train_reverse(folder: Path) -> TrainedRun:
    trained = TrainedRun(folder / "run", folder / "models", "reverse")
    publish = trained.models / trained.name
    where = ("--run", str(trained.run), "--publish", str(publish), "--quiet")
    assert main(["train", "reverse", *flags(REVERSE_SETTINGS), *where]) == 0
    return trained


def train_stars(folder: Path) -> TrainedRun:
    trained = TrainedRun(folder / "run", folder / "models", "stars")
    reviews = write_reviews(folder / "reviews.csv", 360)
    columns = ("--text-column", "review", "--label-column", "stars", "--license", "CC0-1.0")
    where = ("--run", str(trained.run), "--publish", str(trained.models / trained.name))
    arguments = ["train", "sentiment-bilstm", "--data", str(reviews), *columns, *where, "--quiet"]
    assert main([*arguments, *flags(STARS_SETTINGS)]) == 0
    return trained
