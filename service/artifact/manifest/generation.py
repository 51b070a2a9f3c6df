"""The manifest of a model that continues a text, word by word."""

from typing import Literal, Self

from pydantic import Field, model_validator

from service.artifact.manifest.draft import Sealed, TextDraft
from service.artifact.manifest.records import Record


class GenerationExample(Record):
    """How the exported model goes on with a prompt where it always takes the likeliest token."""

    prompt: str
    text: str  # what follows the prompt, at most `max_tokens` tokens of it
    max_tokens: int = Field(ge=1)


class GenerationDraft(TextDraft):
    """A text is continued, one token at a time; each token depends on all before it.

    Graph `generator`: token int32 [rows], the states float32 [rows, *], k int64 [1] to log_probs
    float32 [rows, k] (sorted, best first), next_tokens int32 [rows, k] and next_STATE [rows, *].
    At a token that is bos the states given are not read: there a text begins. A text that ends
    does so with eos.
    """

    task: Literal["generation"] = "generation"
    states: tuple[str, ...] = Field(min_length=1)
    examples: tuple[GenerationExample, ...] = ()

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        states = set(self.states)
        self._require_graphs("generator")
        self._require_tensors(
            "generator",
            {"token", "k"} | states,
            {"log_probs", "next_tokens"} | {f"next_{name}" for name in states},
        )
        for name in self.states:
            shape = self.graphs["generator"].tensor(name).shape
            if len(shape) != 2 or not isinstance(shape[1], int):
                raise ValueError(
                    f"the state {name} has the shape {list(shape)}; a state is [rows, units], with "
                    "the number of units"
                )
        return self

    def units(self, state: str) -> int:
        """How many values a row of a state has. Raises KeyError."""
        return int(self.graphs["generator"].tensor(state).shape[1])


class GenerationManifest(Sealed, GenerationDraft):
    """The manifest of a published generator."""

    @model_validator(mode="after")
    def _lists_its_files(self) -> Self:
        self._require_files(self.referenced_files())
        return self
