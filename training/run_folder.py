"""A run's folder: the recipe, the tokenizer, checkpoints and the log that plots are drawn from.

Knows nothing about networks or tasks. Every file is written beside its place and renamed, so a
run that is killed leaves either the old file or the new one.

::

    runs/NAME/recipe.json      the resolved recipe and where the data came from
    runs/NAME/tokenizer.model
    runs/NAME/words.txt        the words that a translator knows, where it has placeholders
    runs/NAME/spelling.tsv     how those words are mostly written, and how often it read them
    runs/NAME/checkpoint.pt    everything --resume needs
    runs/NAME/best.pt          the (averaged) weights of the best validation, or of the last
    runs/NAME/log.jsonl        one record a line: "step", "validation"
"""

import json
from pathlib import Path
from typing import Any

import torch


class RunError(RuntimeError):
    """A run that cannot start or go on; the message says what would be right."""


class RunFolder:
    """Paths and atomic writes of one run."""

    TOKENIZER = "tokenizer.model"
    WORDS = "words.txt"
    SPELLING = "spelling.tsv"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.recipe = path / "recipe.json"
        self.tokenizer = path / self.TOKENIZER
        self.words = path / self.WORDS
        self.spelling = path / self.SPELLING
        self.checkpoint = path / "checkpoint.pt"
        self.best = path / "best.pt"
        self.log = path / "log.jsonl"

    def require_new(self) -> None:
        """Raises RunError where a run lies already."""
        if self.recipe.exists():
            raise RunError(
                f"{self.path} already holds a run: go on with it (--resume), or name another "
                "folder (--run)"
            )

    def create(self) -> None:
        """Make the folder. Raises RunError where a run lies already."""
        self.require_new()
        self.path.mkdir(parents=True, exist_ok=True)

    def write_json(self, path: Path, value: Any) -> None:
        self._replace(path, json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n")

    def write_bytes(self, path: Path, content: bytes) -> None:
        self._replace(path, content)

    def write_tensors(self, path: Path, value: Any) -> None:
        """torch.save, whole or not at all."""
        beside = path.with_name(path.name + ".partial")
        torch.save(value, beside)
        beside.replace(path)

    def read_tensors(self, path: Path) -> Any:
        """What write_tensors wrote. Raises RunError if there is none."""
        if not path.exists():
            raise RunError(f"{path} does not exist: the run has not come that far yet")
        return torch.load(path, map_location="cpu", weights_only=True)

    def read_recipe(self) -> dict[str, Any]:
        if not self.recipe.exists():
            raise RunError(f"{self.path} holds no run (there is no {self.recipe.name} in it)")
        value: dict[str, Any] = json.loads(self.recipe.read_text(encoding="utf-8"))
        return value

    def append(self, record: dict[str, Any]) -> None:
        """Add a line to the log."""
        with self.log.open("a", encoding="utf-8") as log:
            log.write(json.dumps(record, ensure_ascii=False) + "\n")

    def records(self) -> list[dict[str, Any]]:
        """Every whole line of the log; a run that is killed may leave its last line torn."""
        if not self.log.exists():
            return []
        *lines, _torn = self.log.read_bytes().split(b"\n")
        return [json.loads(line) for line in lines]

    def truncate_log(self, step: int) -> None:
        """Forget records after ``step``: a resumed run writes them again."""
        kept = [record for record in self.records() if record.get("step", 0) <= step]
        lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in kept)
        self._replace(self.log, lines.encode())

    def _replace(self, path: Path, content: bytes) -> None:
        beside = path.with_name(path.name + ".partial")
        beside.write_bytes(content)
        beside.replace(path)
