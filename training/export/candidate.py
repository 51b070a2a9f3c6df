"""What the export of every task makes: a candidate for publication, and the facts of its manifest.

Knows nothing about repositories, scores or conditions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import onnx

from service.artifact import (
    AnyDraft,
    Artifact,
    Graph,
    Recipe,
    Tensor,
    Tokenizer,
    TokenizerFacts,
    read_artifact,
    write_artifact,
)
from training.export.checks import ExportError
from training.export.layers import Precision
from training.export.recurrent import QUANTISED
from training.networks.cells.names import CellName
from training.recipe import PublishedRecipe

PrecisionChoice = Literal["auto", "fp32", "int8"]
TOKENIZER_FILE = "tokenizer.model"
CHECKED_ROWS = 48  # held-out texts that a graph is checked on


@dataclass(frozen=True)
class Candidate:
    """A draft without scores and examples, and its files."""

    draft: AnyDraft
    files: Mapping[str, bytes]

    def write(self, repository: Path) -> Artifact:
        return read_artifact(write_artifact(repository, self.draft, self.files, version=1))


def checked_rows(tokenizer: Tokenizer, texts: Sequence[str]) -> list[list[int]]:
    """Rows of very different lengths, spread evenly over the held-out texts."""
    rows = sorted((tokenizer.encode(text) or [tokenizer.unk_id] for text in texts), key=len)
    places = np.unique(np.linspace(0, len(rows) - 1, CHECKED_ROWS).astype(int))
    return [rows[place] for place in places]


def wanted(choice: PrecisionChoice) -> tuple[Precision, ...]:
    """The precisions that a choice stands for."""
    return ("fp32", "int8") if choice == "auto" else (choice,)


def precisions_of(
    cell: CellName, choice: PrecisionChoice
) -> tuple[tuple[Precision, ...], list[str]]:
    """Those of a choice that a cell has, and what is to be said of it. Raises ExportError."""
    if cell in QUANTISED or choice == "fp32":
        return wanted(choice), []
    reason = f"the cell {cell} has no int8 form in onnxruntime"
    if choice == "int8":
        raise ExportError(f"{reason}: export it with --precision fp32, or train another cell")
    return ("fp32",), [f"{reason}: fp32 is published"]


def tokenizer_facts(tokenizer: Tokenizer) -> TokenizerFacts:
    """What the manifest says of a tokenizer."""
    return TokenizerFacts(
        file=TOKENIZER_FILE, add_eos=tokenizer.add_eos, vocabulary=tokenizer.vocabulary_size
    )


def recipe_facts(recipe: PublishedRecipe) -> Recipe:
    """The recipe as the manifest keeps it: every setting with the value it had."""
    return Recipe(name=recipe.name, settings=recipe.model_dump(mode="json"))


def graph_facts(model: onnx.ModelProto, file: str) -> Graph:
    """What the manifest says of a graph: its file and its tensors."""
    return Graph(
        file=file,
        inputs=tuple(_tensor(value) for value in model.graph.input),
        outputs=tuple(_tensor(value) for value in model.graph.output),
    )


def _tensor(value: onnx.ValueInfoProto) -> Tensor:
    types = {1: "float32", 6: "int32", 7: "int64"}
    kind = value.type.tensor_type
    shape = tuple(axis.dim_param or axis.dim_value for axis in kind.shape.dim)
    return Tensor.model_validate(
        {"name": value.name, "dtype": types[kind.elem_type], "shape": shape}
    )
