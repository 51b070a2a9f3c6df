"""Scores of an exported artifact: it is measured as it is served, through the service's pipelines.

Knows nothing about networks or torch.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF
from sklearn.metrics import accuracy_score, f1_score
from tqdm import tqdm

from service.pipelines.classification import ClassificationPipeline, softmax
from service.pipelines.translation import SearchOptions, TranslationPipeline
from training.data.errors import DataError
from training.data.examples import LabelledText, SentencePair

CLASS_METRICS = ("accuracy", "macro_f1", "calibration_error")  # as conditions name them
LOWER_CASED = "lower-cased BLEU"
MEASURED_BEAMS = (5, 1)  # the search that the service uses by default, and greedy
SLICE = 512  # examples between two movements of the progress bar


@dataclass(frozen=True)
class Measured:
    """One score of one set; ``signature`` says how sacreBLEU computed it."""

    dataset: str
    metric: str
    value: float
    rows: int
    signature: str | None = None


def score_classification(
    pipeline: ClassificationPipeline,
    sets: Mapping[str, Sequence[LabelledText]],
    quiet: bool = True,
) -> list[Measured]:
    """Accuracy, macro F1 and expected calibration error of each set, in percent.

    Raises DataError for a label that the model does not have.
    """
    return [
        one
        for name, examples in sets.items()
        for one in score_shares(
            name,
            class_shares(pipeline, [example.text for example in examples], name, quiet),
            class_indices(examples, pipeline.labels, name),
        )
    ]


def class_shares(
    pipeline: ClassificationPipeline, texts: Sequence[str], name: str = "texts", quiet: bool = True
) -> np.ndarray:
    """The probability of every class: texts x classes, float64, in the order of the labels."""
    tokenizer = pipeline.artifact.tokenizer
    rows = [tokenizer.encode(text) or [tokenizer.unk_id] for text in texts]
    parts = [pipeline.logits(part) for part in _slices(rows, name, quiet)]
    return softmax(np.concatenate(parts).astype(np.float64))


def score_shares(name: str, shares: np.ndarray, gold: np.ndarray) -> list[Measured]:
    """Accuracy, macro F1 and expected calibration error in percent of any classifier.

    shares: rows x classes, probabilities; gold: rows, class indices.
    """
    chosen = shares.argmax(axis=1)
    values = {
        "accuracy": float(accuracy_score(gold, chosen)),
        # Over the classes that the set has: one may hold two languages of three.
        "macro F1": float(f1_score(gold, chosen, average="macro", labels=np.unique(gold))),
        "calibration error": calibration_error(shares.max(axis=1), chosen == gold),
    }
    return [
        Measured(name, metric, round(100 * value, 2), len(gold)) for metric, value in values.items()
    ]


def score_translation(
    pipeline: TranslationPipeline,
    sets: Mapping[str, Sequence[SentencePair]],
    beam_sizes: Sequence[int] = MEASURED_BEAMS,
    quiet: bool = True,
) -> list[Measured]:
    """BLEU and chrF of each set and beam size, detokenised, with sacreBLEU's signatures.

    Cased, and BLEU without regard to case too: that is what papers on small sets give.
    """
    measured = []
    for name, pairs in sets.items():
        references = [[pair.target for pair in pairs]]
        for beam_size in beam_sizes:
            options = SearchOptions(beam_size=beam_size)
            sources = [pair.source for pair in pairs]
            translations = [
                translation
                for part in _slices(sources, f"{name}, beam {beam_size}", quiet)
                for translation in pipeline.translate_sentences(part, options)
            ]
            for label, metric in (
                ("BLEU", BLEU()), ("chrF", CHRF()), (LOWER_CASED, BLEU(lowercase=True)),
            ):  # fmt: skip
                score = metric.corpus_score(translations, references)
                measured.append(
                    Measured(
                        name,
                        f"{label}, beam {beam_size}",
                        round(score.score, 2),
                        len(pairs),
                        str(metric.get_signature()),
                    )
                )
    return measured


def calibration_error(confidence: np.ndarray, correct: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error (Guo et al. 2017, equation 3) over equally wide bins.

    confidence: rows, the probability of the chosen class; correct: rows, whether it was right.
    """
    places = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0
    for place in range(bins):
        inside = places == place
        if inside.any():
            gap = abs(float(correct[inside].mean()) - float(confidence[inside].mean()))
            error += gap * float(inside.mean())
    return error


def class_indices(examples: Sequence[LabelledText], labels: Sequence[str], name: str) -> np.ndarray:
    """The place of each example's label among ``labels``: rows (int64). Raises DataError."""
    index = {label: i for i, label in enumerate(labels)}
    unknown = sorted({example.label for example in examples} - set(index))
    if unknown:
        raise DataError(
            f"{name} has labels that the model does not know: {', '.join(unknown[:10])}; "
            f"the model's are {', '.join(labels)}"
        )
    return np.array([index[example.label] for example in examples])


def _slices(rows: Sequence[Any], name: str, quiet: bool) -> Iterator[Sequence[Any]]:
    """Slices of rows, with a progress bar that counts them."""
    with _bar(len(rows), name, quiet) as bar:
        for start in range(0, len(rows), SLICE):
            part = rows[start : start + SLICE]
            yield part
            bar.update(len(part))


@contextmanager
def _bar(total: int, name: str, quiet: bool) -> Iterator[Any]:
    with tqdm(total=total, desc=f"evaluating {name}", unit="text", disable=quiet or None) as bar:
        yield bar
