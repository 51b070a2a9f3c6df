"""The gates at every word of one text as tables: the whiteboard's picture of a sentence.

Knows nothing about classes of words.
"""

import numpy as np

from service.artifact import ClassificationManifest
from service.explanation.contributions import split_logit
from service.pipelines.classification import softmax
from training.studies.gates.measures import STEPS
from training.studies.gates.readings import (
    DIRECTIONS,
    NAMES,
    WEIGHTINGS,
    GatedClassifier,
    GatesError,
    Measured,
    Reading,
    columns,
)
from training.tables import markdown_table

Array = np.ndarray
_LEFT = {"left_1": 1, f"left_{STEPS}": STEPS}  # and how many steps it looks ahead
_SHOWN = ("input", "forget", "output", "written", *_LEFT)


def text_tables(model: GatedClassifier, text: str) -> str:
    """What the model answers, each word's part in that, and what the gates did at it.

    One table a direction, in the order of the text; gates are means over the units, and those of a
    word of several tokens over these too. Raises GatesError for a text with nothing to read.
    """
    reading = model.read(text)
    if not len(reading.tokens):
        raise GatesError("the text holds nothing to read; give one with a word")
    ((_, directions),) = model.measure([reading])
    label, share, parts = _answer(model, reading)
    words = [text[start:end] for start, end in reading.spans]
    tables = [f"{label} {share:.2f}"]
    for number, measured in enumerate(directions):
        values = np.column_stack([parts, _gates(reading, measured, number > 0)]).tolist()
        rows = [
            [word, *(_shown(value) for value in row)]
            for word, row in zip(words, values, strict=True)
        ]
        table = markdown_table(["word", f"for {label}", *_SHOWN], rows)
        tables.append(f"{DIRECTIONS[number]}:\n\n{table}")
    return "\n\n".join(tables)


def _gates(reading: Reading, measured: Measured, backwards: bool) -> Array:
    """The measures shown, of each word (words x measures); NaN where the text ends too soon for
    what one says."""
    first, last = reading.ends
    values = np.add.reduceat(columns(measured), first, axis=0) / (last - first + 1)[:, None]
    following = first if backwards else len(reading.tokens) - 1 - last  # tokens read later
    shown = [
        np.where(
            following >= _LEFT.get(measure, 0), values[:, NAMES.index((WEIGHTINGS[0], measure))],
            np.nan,
        )
        for measure in _SHOWN
    ]  # fmt: skip
    return np.stack(shown, axis=1)


def _answer(model: GatedClassifier, reading: Reading) -> tuple[str, float, Array]:
    """The best label, its probability, and what each word adds to its logit: of two labels to the
    difference of theirs, of more to its own."""
    manifest = model.artifact.manifest
    assert isinstance(manifest, ClassificationManifest)
    values, _ = model.run([reading.tokens])
    told = model.inspection
    logits = values["logits"][0].astype(np.float64)  # classes
    best = int(logits.argmax())
    weight = values[told.head_weight].astype(np.float64)  # pooled x classes
    against = weight[:, 1 - best] if len(logits) == 2 else 0
    parts = split_logit(values[told.states][:, 0], weight[:, best] - against, told.pooling)
    of_words = np.add.reduceat(parts, reading.ends[0])
    return manifest.labels[best], float(softmax(logits)[best]), of_words


def _shown(value: float) -> str:
    # Adding zero turns a rounded -0.0 into 0.0.
    return "-" if np.isnan(value) else f"{round(value, 2) + 0.0:.2f}"
