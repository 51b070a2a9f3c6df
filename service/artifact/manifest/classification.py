"""The manifest of a model that gives a text one of several labels."""

import re
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from service.artifact.manifest.draft import Sealed, TextDraft
from service.artifact.manifest.inspection import Inspection
from service.artifact.manifest.records import LANGUAGE_CODE, LanguageCode, Record

# What a classifier's labels are, where the service makes use of them itself.
Purpose = Literal["language-identification"]


class ClassificationExample(Record):
    """A text with the best label and its score, as the exported model gave them."""

    text: str
    label: str
    score: float = Field(ge=0, le=1)


class ClassificationDraft(TextDraft):
    """A text gets one of several labels.

    Graph `classifier`: tokens int32 [batch, time], lengths int32 [batch] to
    logits float32 [batch, classes].
    """

    task: Literal["classification"] = "classification"
    labels: tuple[Annotated[str, Field(min_length=1)], ...] = Field(min_length=2)
    language: LanguageCode | None = None  # of the texts that it can read; None: not stated
    purpose: Purpose | None = None  # None: one that only those who ask for it make use of
    examples: tuple[ClassificationExample, ...] = ()
    # None: exported before explanations were, or by something else; then there are none.
    inspection: Inspection | None = None

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if len(set(self.labels)) != len(self.labels):
            raise ValueError("labels holds a label twice; each must differ from the others")
        if self.purpose == "language-identification":
            for label in self.labels:
                if not re.fullmatch(LANGUAGE_CODE, label):
                    raise ValueError(
                        f"the label {label!r} is no code of a language, such as en; a model for "
                        "language identification has such labels alone"
                    )
        self._require_graphs("classifier")
        self._require_tensors("classifier", {"tokens", "lengths"}, {"logits"})
        classes = self.graphs["classifier"].tensor("logits").shape[-1:]
        if classes and isinstance(classes[0], int) and classes[0] != len(self.labels):
            raise ValueError(f"logits has {classes[0]} classes; labels names {len(self.labels)}")
        for example in self.examples:
            if example.label not in self.labels:
                raise ValueError(f"an example has the label {example.label!r}, no one of labels")
        return self


class ClassificationManifest(Sealed, ClassificationDraft):
    """The manifest of a published classifier."""

    @model_validator(mode="after")
    def _lists_its_files(self) -> Self:
        self._require_files(self.referenced_files())
        return self
