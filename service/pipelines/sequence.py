"""Sequences of columns: features, batches by length, a forecast or labels with scores.

`forecast` and `classify` compute in the caller's thread. For a service, `submit` hands jobs to an
engine that batches the sequences of all requests. Of a sequence longer than the model's window the
last steps are read.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from service.artifact import Artifact, SequenceManifest
from service.artifact.columns import FARTHEST, BadCell, encode, feature_names, scales
from service.errors import TextError, TextTooLong
from service.pipelines.classification import Prediction, softmax
from service.pipelines.options import PipelineOptions
from service.runtime.batches import batches_by_length
from service.runtime.batching import BatchEngine
from service.runtime.engine import EngineThread
from service.runtime.job import Item, Job
from service.runtime.session import Array, open_session

_SAME = 0.1  # deviations between two forecasts that count as the same
Cells = Mapping[str, Sequence[object]]  # a sequence, column by column


class Forecasted(NamedTuple):
    """What is forecast of a sequence, each horizon x columns in the columns' own units."""

    values: Array
    lower: Array | None  # of the manifest's interval
    upper: Array | None


class _Near:
    """A forecast in deviations, equal to all that are near."""

    def __init__(self, values: Array) -> None:
        self._values = values

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Near) or self._values.shape != other._values.shape:
            return False
        return bool((np.abs(self._values - other._values) <= _SAME).all())

    __hash__ = None  # type: ignore[assignment]  # nearness is not transitive


class SequencePipeline:
    """A sequence model ready to answer. Thread-safe."""

    def __init__(self, artifact: Artifact, options: PipelineOptions | None = None) -> None:
        """Raises TypeError for an artifact of another task."""
        if not isinstance(artifact.manifest, SequenceManifest):
            raise TypeError(f"{artifact.name} is a {artifact.manifest.task} model")
        self.artifact = artifact
        self.manifest = artifact.manifest
        self.labels = self.manifest.labels
        self.feature_names = feature_names(self.manifest.columns)
        self.options = options or PipelineOptions()
        self.full_rows = self.options.max_batch_size
        self._output = "logits" if self.manifest.forecast is None else "forecast"
        self._means, self._deviations = scales(self.manifest.columns)
        self._session = open_session(artifact.graph_path("sequence"), self.options.threads)
        self._engine = EngineThread(
            BatchEngine(
                self.compute,
                self.options.max_batch_size,
                self.options.max_batch_tokens,
                self.options.max_queue_delay,
                self.options.measures(artifact.name),
                self._results,
            ),
            f"{artifact.name}-{artifact.version}",
        )

    def classify(self, sequences: Sequence[Cells]) -> list[list[Prediction]]:
        """Every label with its score, best first, for each sequence. Raises as `encode`."""
        return self._ranked(self.outputs(self.encode(sequences)))

    def forecast(self, sequences: Sequence[Cells]) -> list[Forecasted]:
        """The forecast for each sequence. Raises as `encode`."""
        return [self._forecasted(values) for values in self.outputs(self.encode(sequences))]

    def encode(self, sequences: Sequence[Cells]) -> list[Array]:
        """The features of each sequence (time x features, float32).

        Raises TextError, which names the sequence, and TextTooLong.
        """
        rows = []
        for index, cells in enumerate(sequences):
            self._check_steps(index, max(map(len, cells.values()), default=0))
            try:
                rows.append(self._window(encode(self.manifest.columns, cells)))
            except BadCell as error:
                raise TextError(index, str(error)) from None
        return rows

    def check_features(self, rows: Sequence[Array]) -> list[Array]:
        """Rows of features (time x features, float32) that a client made. Raises as `encode`."""
        checked = []
        for index, row in enumerate(rows):
            self._check_steps(index, len(row))
            # A NaN is no number within the bounds, either.
            good = np.abs(row - self._means) <= FARTHEST * self._deviations
            if not good.all():
                step, place = (int(i[0]) for i in np.nonzero(~good))
                raise TextError(
                    index,
                    f'step {step}: "{self.feature_names[place]}" is {row[step, place]:g}; send a '
                    f"number that is not so far from {self._means[place]:.4g} ± "
                    f"{self._deviations[place]:.4g}",
                )
            checked.append(self._window(row))
        return checked

    def submit(self, job: Job, rows: Sequence[Any]) -> None:
        """Have rows of features computed; each result is one as of `classify` or `forecast`.

        Of a job that is raw, what the graph gives for the row.
        """
        self._engine.submit(job, job.items(rows))

    def essence(self, answers: Sequence[Any]) -> list[Any]:
        """By what the answers of two versions are the same: the best label, or forecasts that are
        nowhere further apart than a tenth of a column's deviation.
        """
        forecast = self.manifest.forecast
        if forecast is None:
            return [ranked[0].label for ranked in answers]
        unit = self._deviations[[self.feature_names.index(name) for name in forecast.columns]]
        return [_Near(found.values / unit) for found in answers]

    def close(self) -> None:
        """End the thread. To be called when all jobs have been answered."""
        self._engine.close()

    def compute(self, rows: Sequence[Any]) -> Array:
        """Logits (rows x classes) or forecasts (rows x horizon x columns) of rows, as one batch."""
        lengths = np.array([len(row) for row in rows], dtype=np.int32)
        features = np.zeros((len(rows), int(lengths.max()), len(self._means)), dtype=np.float32)
        for i, row in enumerate(rows):
            features[i, : len(row)] = row
        return self._session.run({"features": features, "lengths": lengths})[self._output]

    def outputs(self, rows: Sequence[Array]) -> list[Array]:
        """What the graph gives for each row, in the order given."""
        outputs: list[Any] = [None] * len(rows)
        for batch in batches_by_length(
            [len(row) for row in rows], self.options.max_batch_size, self.options.max_batch_tokens
        ):
            for i, output in zip(batch, self.compute([rows[i] for i in batch]), strict=True):
                outputs[i] = output
        return outputs

    def _window(self, row: Array) -> Array:
        """The steps that are read."""
        return row[-self.manifest.window :]

    def _check_steps(self, index: int, steps: int) -> None:
        limit, shortest = self.options.max_sequence_steps, self.manifest.shortest
        if steps > limit:
            raise TextTooLong(
                index,
                f"the sequence has {steps:,} steps; the limit is {limit:,}, and this model reads "
                f"the last {self.manifest.window:,}",
            )
        if not steps:
            raise TextError(index, "the sequence is empty; send at least one step")
        if steps < shortest:
            raise TextError(
                index,
                f"the sequence has {steps:,} step{'' if steps == 1 else 's'}; send {shortest:,} at "
                "least: this model learnt from no shorter ones",
            )

    def _results(self, batch: Sequence[Item], outputs: Array) -> list[Any]:
        """What each job of a batch wants of what the graph gave."""
        if all(item.job.raw for item in batch):
            return list(outputs)
        results: list[Any]
        if self.manifest.forecast is None:
            results = list(self._ranked(outputs))
        else:
            results = [self._forecasted(values) for values in outputs]
        for i, item in enumerate(batch):
            if item.job.raw:
                results[i] = outputs[i]
        return results

    def _ranked(self, logits: Sequence[Array] | Array) -> list[list[Prediction]]:
        scores = softmax(np.asarray(logits))  # sequences x classes
        ranks = np.argsort(-scores, axis=1, kind="stable").tolist()
        return [
            [Prediction(self.labels[c], line[c]) for c in rank]
            for line, rank in zip(scores.tolist(), ranks, strict=True)
        ]

    def _forecasted(self, values: Array) -> Forecasted:
        assert self.manifest.forecast is not None
        interval = self.manifest.forecast.interval
        if interval is None:
            return Forecasted(values, None, None)
        return Forecasted(
            values, values + np.array(interval.lower), values + np.array(interval.upper)
        )
