"""Explains a label: what each word of the text adds to its logit, and the gates at every token.

A classifier's graph is opened a second time, in such a way that it gives out the values which its
manifest names; the file that is served stays as it is. Knows nothing about requests. Thread-safe.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from service.artifact import Artifact, ClassificationManifest, Inspection
from service.errors import InvalidInput, Unexplainable, listing, quote
from service.explanation import gates
from service.explanation.contributions import split_logit
from service.explanation.words import Span, group_tokens, strip_span
from service.pipelines.classification import softmax
from service.runtime.batches import pad_rows
from service.runtime.inner_values import with_outputs
from service.runtime.session import Array, Session, open_session

logger = logging.getLogger(__name__)

_TOLERANCE = 1e-4  # of the parts' sum to the logit that the graph gives
_DIGITS = 5  # of a gate
_DIRECTIONS = ("forward", "backward")


@dataclass(frozen=True)
class Word:
    """A word of the text, text[start:end], and what it adds to the logit."""

    text: str
    start: int
    end: int
    contribution: float


@dataclass(frozen=True)
class Step:
    """A token that the model reads, text[start:end]; several may share a character."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class UnitGates:
    """The gates of one unit at every step."""

    unit: int
    input: list[float]
    forget: list[float]
    output: list[float]


@dataclass(frozen=True)
class DirectionGates:
    """The gates of one direction of a layer at every step: means over units, and single units."""

    layer: int  # from 1
    direction: str
    input: list[float]
    forget: list[float]
    output: list[float]
    units: list[UnitGates]


@dataclass(frozen=True)
class Explanation:
    """Σ contribution + bias = logit; see `ClassifierExplainer.explain`."""

    label: str
    against: str | None
    score: float  # of the label
    tokens: list[Word]
    bias: float
    logit: float
    steps: list[Step] | None = None
    gates: list[DirectionGates] | None = None


@dataclass(frozen=True)
class Question:
    """What is to be explained of a text's classification."""

    label: str | None = None  # None: the best
    against: str | None = None  # None: the other one of two, and no other of more
    gates: bool = False
    units: tuple[int, ...] = ()


class ClassifierExplainer:
    """Explains what one version of a classifier answers."""

    def __init__(self, artifact: Artifact) -> None:
        """Raises Unexplainable where the manifest does not say where the values stand."""
        manifest = artifact.manifest
        assert isinstance(manifest, ClassificationManifest)
        if manifest.inspection is None:
            raise Unexplainable(
                f"version {artifact.version} of {artifact.name} was exported without the names of "
                "the values that explain it; publish it again, or ask for another version"
            )
        self._name = f"version {artifact.version} of {artifact.name}"
        self._labels = manifest.labels
        self._inspection = manifest.inspection
        self._session = self._open(artifact)

    def explain(
        self, text: str, tokens: Sequence[int], offsets: Sequence[Span], question: Question
    ) -> Explanation:
        """The logit of a label, split over the words of the text.

        tokens, offsets: of the text, with offsets as `Tokenizer.encode_with_offsets` gives them.
        Of two labels the logit is log p / (1 - p), the difference of the graph's two; so it is
        with `against`. Of more labels it is the label's own. Raises InvalidInput for a label or a
        unit that is not there, and Unexplainable.
        """
        inspection = self._inspection
        with_gates = question.gates or bool(question.units)
        values = self._run(tokens, with_gates)
        logits = values["logits"][0].astype(np.float64)  # classes
        label, against = self._labels_of(question, int(logits.argmax()))
        weight, bias, logit = (
            array[..., label] - (0 if against is None else array[..., against])
            for array in (
                values[inspection.head_weight].astype(np.float64),  # pooled x classes
                values[inspection.head_bias].astype(np.float64),  # classes
                logits,
            )
        )
        states = values[inspection.states][:, 0]  # time x states
        try:
            parts = split_logit(states, weight, inspection.pooling)  # time
        except (ValueError, IndexError):
            raise self._does_not_add_up() from None
        if abs(parts.sum() + bias - logit) > _TOLERANCE * max(1.0, abs(float(logit))):
            raise self._does_not_add_up()
        return Explanation(
            label=self._labels[label],
            against=None if against is None else self._labels[against],
            score=float(softmax(logits)[label]),
            tokens=_words(text, offsets, parts),
            bias=float(bias),
            logit=float(logit),
            steps=_steps(text, offsets) if with_gates else None,
            gates=_gates(inspection, values, question.units) if with_gates else None,
        )

    def _open(self, artifact: Artifact) -> Session:
        path = artifact.graph_path("classifier")
        inspection = self._inspection
        names = [inspection.states, inspection.head_weight, inspection.head_bias]
        names += [name for layer in inspection.layers for name in layer.names()]
        try:
            return open_session(with_outputs(path.read_bytes(), dict.fromkeys(names)), threads=1)
        except Exception as error:
            logger.error("%s cannot be explained", self._name, exc_info=error)
            raise Unexplainable(
                f"{self._name} cannot be explained: its file cannot be opened with the values that "
                "its manifest names; publish it again, or ask for another version"
            ) from None

    def _run(self, tokens: Sequence[int], with_layers: bool) -> dict[str, Array]:
        """Values by name, of one text: the logits, the states, the head, and the layers'."""
        inspection = self._inspection
        names = ["logits", inspection.states, inspection.head_weight, inspection.head_bias]
        if with_layers:
            if not inspection.layers:
                raise Unexplainable(
                    f"{self._name} has no gates to show: they are those of LSTM layers, and its "
                    "manifest names none; leave gates and units out, or ask another model"
                )
            names += [name for layer in inspection.layers for name in layer.names()]
        row, lengths = pad_rows([tokens])
        return self._session.run({"tokens": row, "lengths": lengths}, list(dict.fromkeys(names)))

    def _labels_of(self, question: Question, best: int) -> tuple[int, int | None]:
        label = best if question.label is None else self._label("label", question.label)
        if question.against is not None:
            against = self._label("against", question.against)
            if against == label:
                raise InvalidInput(
                    f"against must be another label than the one explained, which is "
                    f"{quote(self._labels[label])}"
                )
            return label, against
        return label, 1 - label if len(self._labels) == 2 else None

    def _label(self, field: str, label: str) -> int:
        if label not in self._labels:
            raise InvalidInput(
                f"{field} is {quote(label)}; the labels of this model are {listing(self._labels)}"
            )
        return self._labels.index(label)

    def _does_not_add_up(self) -> Unexplainable:
        return Unexplainable(
            f"{self._name} cannot be explained: the values that its manifest names do not add up "
            "to its answer; publish it again, or ask for another version"
        )


def _steps(text: str, offsets: Sequence[Span]) -> list[Step]:
    spans = [strip_span(text, span) for span in offsets]
    return [Step(text[start:end], start, end) for start, end in spans]


def _words(text: str, offsets: Sequence[Span], parts: Array) -> list[Word]:
    """parts: what each token adds."""
    spans, owners = group_tokens(text, offsets)
    sums = np.bincount(owners, weights=parts, minlength=len(spans)).tolist()
    return [
        Word(text[start:end], start, end, contribution)
        for (start, end), contribution in zip(spans, sums, strict=True)
    ]


def _gates(
    inspection: Inspection, values: dict[str, Array], units: Sequence[int]
) -> list[DirectionGates]:
    """The gates of all layers. Raises InvalidInput for a unit that a layer does not have."""
    return [
        _direction(number, name, direction, units)
        for number, layer in enumerate(inspection.layers, 1)
        for name, direction in zip(_DIRECTIONS, gates.recompute(layer, values), strict=False)
    ]


def _direction(
    layer: int, name: str, direction: gates.Gates, units: Sequence[int]
) -> DirectionGates:
    size = direction.input.shape[1]
    for unit in units:
        if unit >= size:
            raise InvalidInput(f"units: there is no unit {unit}; units are 0 to {size - 1}")
    return DirectionGates(
        layer,
        name,
        _numbers(direction.input.mean(axis=1)),
        _numbers(direction.forget.mean(axis=1)),
        _numbers(direction.output.mean(axis=1)),
        [
            UnitGates(
                unit,
                _numbers(direction.input[:, unit]),
                _numbers(direction.forget[:, unit]),
                _numbers(direction.output[:, unit]),
            )
            for unit in units
        ],
    )


def _numbers(values: Array) -> list[float]:
    numbers: list[float] = values.astype(np.float64).round(_DIGITS).tolist()
    return numbers
