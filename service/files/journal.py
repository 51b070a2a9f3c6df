"""How far an output has come, in a file beside it, so that a later run can go on.

`OUTPUT.progress` is there from before the output's first byte until its last, and replaced as a
whole after every window of rows that is on the disk. Whatever stands in the output beyond what it
says is from a write that was cut off.
"""

import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from service.files.errors import FileError

SUFFIX = ".progress"


class Progress(BaseModel):
    """How far a run has come."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    format: Literal[1] = 1
    run: dict[str, str | int | bool | None]  # what decides the answers and their layout
    rows: int = Field(default=0, ge=0)  # of the input, whose answers are in the output
    bytes: int = Field(default=0, ge=0)  # of the output
    known_rows: int = Field(default=0, ge=0)  # of the input, that `fingerprint` is made from
    fingerprint: str = ""


class Journal:
    """The progress file of an output."""

    def __init__(self, output: Path) -> None:
        self._output = output
        self.path = output.with_name(output.name + SUFFIX)

    def read(self) -> Progress | None:
        """What it says; None where there is none. Raises FileError for what is no progress file."""
        try:
            return Progress.model_validate_json(self.path.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError:
            raise FileError(
                f"{self.path} is no progress file of this version; begin again with --overwrite"
            ) from None

    def write(self, progress: Progress) -> None:
        """Say that much, whatever was said before."""
        temporary = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        temporary.write_text(progress.model_dump_json(indent=1) + "\n", encoding="utf-8")
        temporary.replace(self.path)

    def remove(self) -> None:
        """The output is complete."""
        self.path.unlink(missing_ok=True)


def differences(progress: Progress, run: dict[str, str | int | bool | None]) -> str:
    """How a run differs from the one that wrote a progress file, in words; empty if in nothing."""
    names = [name for name in {**progress.run, **run} if progress.run.get(name) != run.get(name)]
    return "; ".join(
        f"{name.replace('_', ' ')}: {progress.run.get(name)} then, {run.get(name)} now"
        for name in names
    )
