"""Where a run's examples come from: a folder of datasets, or a user's own file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.corpora import OwnData


@dataclass(frozen=True)
class Origin:
    """The folder of the datasets, and the user's file that stands for them, if any."""

    root: Path
    own: OwnData | None = None

    def to_json(self) -> dict[str, Any]:
        own = None if self.own is None else {**vars(self.own), "file": str(self.own.file.resolve())}
        return {"root": str(self.root.resolve()), "own": own}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Origin":
        own = value["own"]
        return cls(
            Path(value["root"]),
            None if own is None else OwnData(**{**own, "file": Path(own["file"])}),
        )
