"""`predict`: the labels of a file's texts."""

import argparse
from collections.abc import Sequence

from service.commands.answering import Answers
from service.commands.choosing import choose_classifier
from service.commands.file_run import Column, run_file
from service.pipelines.classification import ClassificationPipeline
from service.pipelines.options import PipelineOptions


class Classifier:
    """A classifier as a command sees it: the best labels of a text, each with its score."""

    # A window takes about a second, and fills batches of similar lengths.
    window_rows = 4096
    window_characters = 1 << 20

    def __init__(self, pipeline: ClassificationPipeline, top_k: int) -> None:
        self.artifact = pipeline.artifact
        self._pipeline = pipeline
        self._top_k = min(top_k, len(pipeline.labels))
        numbers = ["", *(f"_{n}" for n in range(2, self._top_k + 1))]
        self.columns: tuple[Column, ...] = tuple(
            column for n in numbers for column in ((f"label{n}", str), (f"score{n}", float))
        )

    def check(self, text: str) -> None:
        """Raises TextError for a text that cannot be answered."""
        self._pipeline.tokenize([text])

    def answer(self, texts: Sequence[str]) -> Sequence[Answers]:
        """Label and score, of the best label first. Raises TextError."""
        return [
            tuple(value for prediction in ranked[: self._top_k] for value in prediction)
            for ranked in self._pipeline.classify(texts)
        ]

    def close(self) -> None:
        """The model is not needed any more."""
        self._pipeline.close()


def predict(chosen: argparse.Namespace, options: PipelineOptions) -> int:
    """Runs the command and returns the exit status. Raises ArtifactError and GatehouseError."""

    def load() -> Classifier:
        pipeline = choose_classifier(chosen.models, chosen.model, chosen.model_version, options)
        return Classifier(pipeline, chosen.top_k)

    return run_file(chosen, load, {"top_k": chosen.top_k})
