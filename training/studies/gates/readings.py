"""Texts as a served classifier reads them, with the gates at every token of its last LSTM layer.

The served graph is run as it is, with more outputs; `service.explanation.gates` computes the gates
again. Knows nothing about classes of words.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from service.artifact import Artifact, ClassificationManifest, Inspection, read_artifact
from service.explanation.gates import recompute_batch
from service.explanation.words import Span, group_tokens
from service.pipelines.tensors import Session, open_session, pad_rows
from service.runtime.batches import batches_by_length
from service.runtime.inner_values import with_outputs
from training.studies.gates.measures import BY_UNITS, EVIDENCE, evidence, head_use, unit_measures

Array = np.ndarray
DIRECTIONS = ("forward", "backward")
WEIGHTINGS = ("all units alike", "units by their use")  # the head's use of them
_MAX_ROWS, _MAX_TOKENS = 64, 12_000  # of a batch; some 100 MB of gates


class GatesError(ValueError):
    """A model that has no gates to look at."""


@dataclass(frozen=True)
class Reading:
    """A text as tokens, and as words: spans of the text, and for each token its word."""

    tokens: Array  # tokens, int32
    spans: list[Span]
    owners: Array  # tokens

    @property
    def ends(self) -> tuple[Array, Array]:
        """The first and the last token of each word."""
        words = np.arange(len(self.spans))
        return np.searchsorted(self.owners, words), np.searchsorted(self.owners, words, "right") - 1


@dataclass(frozen=True)
class Measured:
    """What one direction did at each token of a text.

    by_units: tokens x measures x weightings, in the order of `BY_UNITS` and `WEIGHTINGS`; evidence:
    tokens; differences: tokens, the largest one of a recomputed state from the served one.
    """

    by_units: Array
    evidence: Array
    differences: Array


class GatedClassifier:
    """A published classifier whose last layer is an LSTM, opened to look inside."""

    def __init__(self, folder: Path) -> None:
        """Raises ArtifactError, and GatesError for a model that has no such gates."""
        self.artifact: Artifact = read_artifact(folder)
        manifest = self.artifact.manifest
        if not isinstance(manifest, ClassificationManifest):
            raise GatesError(
                f"{folder} holds a model for {manifest.task}; give a classifier's version"
            )
        if manifest.inspection is None or not manifest.inspection.layers:
            raise GatesError(
                f"the manifest in {folder} names no LSTM layer, so its gates cannot be computed; "
                "publish it again with a present version, or give an LSTM's"
            )
        self.inspection: Inspection = manifest.inspection
        self.layer = manifest.inspection.layers[-1]  # whose states are pooled
        self.layers = len(manifest.inspection.layers)
        told = manifest.inspection
        names = (told.states, told.head_weight, told.head_bias, *self.layer.names())
        self._names = list(dict.fromkeys(names))
        graph = self.artifact.graph_path("classifier").read_bytes()
        self._session: Session = open_session(with_outputs(graph, self._names), threads=1)

    def read(self, text: str) -> Reading:
        """A text in tokens and words."""
        tokens, offsets = self.artifact.tokenizer.encode_with_offsets(text)
        spans, owners = group_tokens(text, offsets)
        return Reading(np.array(tokens, np.int32), spans, np.array(owners, np.int64))

    def run(self, rows: Sequence[Array]) -> tuple[dict[str, Array], Array]:
        """The values that the manifest names, of a batch of texts, and their lengths."""
        tokens, lengths = pad_rows([row.tolist() for row in rows])
        feeds = {"tokens": tokens, "lengths": lengths}
        return self._session.run(feeds, ["logits", *self._names]), lengths

    def measure(self, readings: Sequence[Reading]) -> Iterator[tuple[int, list[Measured]]]:
        """For each text its index and what each direction did; in the order of their lengths."""
        sizes = [len(reading.tokens) for reading in readings]
        for batch in batches_by_length(sizes, _MAX_ROWS, _MAX_TOKENS):
            values, lengths = self.run([readings[i].tokens for i in batch])
            directions = self._directions(values, lengths)
            for place, index in enumerate(batch):
                yield index, [of_batch[place] for of_batch in directions]

    def _directions(self, values: dict[str, Array], lengths: Array) -> list[list[Measured]]:
        """Directions x texts."""
        told, layer = self.inspection, self.layer
        served = values[told.states]  # time x batch x states
        use = head_use(values[told.head_weight], told.pooling, served.shape[2])
        gates = recompute_batch(layer, values, lengths)
        measured = []
        for number, direction in enumerate(gates):
            units = direction.hidden.shape[2]
            own = slice(number * units, (number + 1) * units)  # behind them: a table of n-grams
            parts = use.reshape(-1, served.shape[2])[:, own]  # (maxima, means) x units
            shares = parts.sum(axis=0)
            columns = [np.full(units, 1 / units), shares / shares.sum()]
            weights = np.stack(columns, axis=1).astype(np.float32)
            start = values[layer.cell][:units]
            by_units = unit_measures(direction, start, lengths, number > 0, weights)
            states = served[..., own]
            measured.append([
                Measured(
                    by_units[:, :length, row].transpose(1, 0, 2),
                    evidence(states[:length, row], parts.reshape(-1), told.pooling),
                    np.abs(direction.hidden[:length, row] - states[:length, row]).max(axis=1),
                )
                for row, length in enumerate(lengths.tolist())
            ])  # fmt: skip
        return measured


def columns(measured: Measured) -> Array:
    """All measures of a direction at each token (tokens x columns), in the order of `NAMES`."""
    flat = measured.by_units.transpose(0, 2, 1).reshape(len(measured.evidence), -1)
    return np.column_stack([flat, measured.evidence])


# Of the columns: the measures of the first weighting, those of the second, and the evidence.
NAMES = (
    *((weighting, name) for weighting in WEIGHTINGS for name in BY_UNITS),
    ("pooled", EVIDENCE),
)
