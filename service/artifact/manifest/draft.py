"""What every task's manifest holds, before and after it is sealed."""

from typing import Literal

from pydantic import AwareDatetime, Field

from service.artifact.manifest.records import (
    FileFacts,
    FileName,
    Graph,
    ModelName,
    Recipe,
    Record,
    Score,
    Sha256,
    Source,
    TokenizerFacts,
)

FORMAT_VERSION = 1
MANIFEST_FILE = "manifest.json"
CARD_FILE = "README.md"  # the model card: listed and digested like every file, opened by nobody


class Draft(Record):
    """What every task states, before the writer seals it."""

    format_version: Literal[1] = 1
    name: ModelName
    created: AwareDatetime
    precision: Literal["int8", "fp32"]
    opset: int = Field(ge=1)
    graphs: dict[str, Graph]
    scores: tuple[Score, ...] = ()
    recipe: Recipe
    license: str = Field(min_length=1)
    license_note: str
    sources: tuple[Source, ...] = ()

    def referenced_files(self) -> tuple[str, ...]:
        """The names of the files that the pipelines open."""
        return tuple(graph.file for graph in self.graphs.values())

    def _require_tensors(self, graph: str, inputs: set[str], outputs: set[str]) -> None:
        facts = self.graphs[graph]
        for kind, stated, required in (
            ("inputs", {tensor.name for tensor in facts.inputs}, inputs),
            ("outputs", {tensor.name for tensor in facts.outputs}, outputs),
        ):
            if stated != required:
                raise ValueError(
                    f"graph {graph} states the {kind} {sorted(stated)}; "
                    f"its task needs {sorted(required)}"
                )

    def _require_graphs(self, *names: str) -> None:
        if set(self.graphs) != set(names):
            raise ValueError(
                f"the graphs are {sorted(self.graphs)}; the task needs {sorted(names)}"
            )


class TextDraft(Draft):
    """The same of a task that reads text through a sentencepiece model."""

    tokenizer: TokenizerFacts

    def referenced_files(self) -> tuple[str, ...]:
        """The names of the files that the pipelines open."""
        return (self.tokenizer.file, *super().referenced_files())


class Sealed(Record):
    """What the writer adds to a draft."""

    version: int = Field(ge=1)
    files: dict[FileName, FileFacts]
    digest: Sha256

    def _require_files(self, referenced: tuple[str, ...]) -> None:
        for name in referenced:
            if name not in self.files:
                raise ValueError(f"{name} is used, but files does not list it")
        if MANIFEST_FILE in self.files:
            raise ValueError(f"files lists {MANIFEST_FILE}, which cannot hold its own digest")
