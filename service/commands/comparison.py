"""`models compare`: two versions side by side, by their scores and by their answers to a file."""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from service.artifact import Manifest
from service.commands.answering import windows
from service.commands.choosing import load
from service.commands.interruption import Interruption
from service.commands.listing import table
from service.commands.predict import Classifier
from service.commands.progress import ProgressLine
from service.commands.translate import Translator, search_options
from service.errors import InvalidInput, TextError, quote
from service.files.errors import BadRow
from service.files.formats import Format, format_of, open_rows
from service.files.rows import Row, Rows
from service.pipelines.classification import ClassificationPipeline
from service.pipelines.options import PipelineOptions
from service.pipelines.translation import TranslationPipeline
from service.repository.loading import same_purpose

Versions = tuple[int, int]


@dataclass
class Agreement:
    """What two versions answered to the same texts."""

    texts: int = 0
    same: int = 0  # of these, the best answer is
    seconds: list[float] = field(default_factory=lambda: [0.0, 0.0])  # of each version
    differing: list[dict[str, object]] = field(default_factory=list)  # as many as are shown

    def document(self) -> dict[str, object]:
        """As JSON shows it; speed is the second version's, by the first's."""
        first, second = self.seconds
        return {
            "texts": self.texts,
            "same": self.same,
            "agreement": self.same / self.texts if self.texts else None,
            "texts_per_second": [self.texts / s if s else None for s in self.seconds],
            "speed": first / second if second else None,
            "differing": self.differing,
        }


def compare(chosen: argparse.Namespace, options: PipelineOptions, max_beam_size: int) -> int:
    """Prints the comparison and returns the exit status. Raises as `predict` does."""
    first, second = chosen.versions
    with ExitStack() as stack:
        stack.enter_context(Interruption())
        search = search_options(chosen, max_beam_size)
        answerers: list[Classifier | Translator] = []
        for version in (first, second):
            pipeline = load(chosen.models, chosen.name, version, options)
            stack.callback(pipeline.close)
            if isinstance(pipeline, ClassificationPipeline):
                answerers.append(Classifier(pipeline, 1))
            elif isinstance(pipeline, TranslationPipeline):
                answerers.append(Translator(pipeline, search))
            else:
                raise InvalidInput(
                    f"{chosen.name} is a {pipeline.manifest.task} model; classification and "
                    "translation models can be compared"
                )
        manifests = [answerer.artifact.manifest for answerer in answerers]
        if not same_purpose(*manifests):
            raise InvalidInput(
                f"{chosen.name} {first} and {second} are made for other tasks or languages; "
                "there is nothing to compare"
            )
        agreement = None
        if chosen.file is not None:
            layout = format_of(chosen.file, chosen.format, "--format")
            rows = open_rows(chosen.file, layout, Format.JSONL, chosen.column, chosen.header)
            stack.callback(rows.source.close)
            line = ProgressLine(sys.stderr, chosen.command, chosen.quiet)
            stack.callback(line.end)
            agreement = _agreement(rows, answerers, chosen.show, line)
    if chosen.json:
        print(json.dumps(_document(chosen, manifests, agreement), ensure_ascii=False, indent=2))
    else:
        for text in _lines(chosen, manifests, agreement):
            print(text)
    return 0


def _agreement(
    rows: Rows, answerers: Sequence[Classifier | Translator], shown: int, line: ProgressLine
) -> Agreement:
    agreement = Agreement()
    answerer = answerers[0]
    for window in windows(rows, answerer.window_rows, answerer.window_characters):
        texts = [_text(row, rows.source.name) for row in window]
        answers = []
        for i, version in enumerate(answerers):
            began = time.perf_counter()
            try:
                answers.append(version.answer(texts))
            except TextError as error:
                raise BadRow(
                    f"{rows.source.name}, {window[error.index].place}: {error.reason}"
                ) from None
            agreement.seconds[i] += time.perf_counter() - began
        for row, one, other in zip(window, *answers, strict=True):
            agreement.texts += 1
            if one[0] == other[0]:
                agreement.same += 1
            elif len(agreement.differing) < shown:
                agreement.differing.append(
                    {"place": row.place, "text": row.text, "answers": [list(one), list(other)]}
                )
        line.show(agreement.texts, rows.source.share())
    return agreement


def _text(row: Row, name: str) -> str:
    problem = row.problem or ("" if row.text.strip() else "the text is empty")
    if problem:
        raise BadRow(f"{name}, {row.place}: {problem}")
    return row.text


def _scores(manifests: Sequence[Manifest]) -> Iterator[tuple[str, str, str, list[float | None]]]:
    """Data set, split, metric, and the value of each version."""
    values = [
        {(score.dataset, score.split, score.metric): score.value for score in manifest.scores}
        for manifest in manifests
    ]
    for key in dict.fromkeys(key for scores in values for key in scores):
        yield (*key, [scores.get(key) for scores in values])


def _document(
    chosen: argparse.Namespace, manifests: Sequence[Manifest], agreement: Agreement | None
) -> dict[str, object]:
    scores = [
        {"dataset": dataset, "split": split, "metric": metric, "values": values}
        for dataset, split, metric, values in _scores(manifests)
    ]
    document: dict[str, object] = {
        "name": chosen.name,
        "versions": chosen.versions,
        "scores": scores,
    }
    if agreement is not None:
        document["answers"] = agreement.document()
    return document


def _lines(
    chosen: argparse.Namespace, manifests: Sequence[Manifest], agreement: Agreement | None
) -> Iterator[str]:
    first, second = map(str, chosen.versions)
    sizes: list[float | None] = [
        sum(facts.bytes for facts in manifest.files.values()) / 1e6 for manifest in manifests
    ]
    measured = [*_scores(manifests), ("", "", "MB", sizes)]
    head = ("data", "split", "metric", first, second, "difference")
    rows = [(*names, *_numbers(values)) for *names, values in measured]
    yield from table(head, rows, right=(3, 4, 5))
    if agreement is None:
        return
    yield ""
    if not agreement.texts:
        yield "the file holds no text"
        return
    share = agreement.same / agreement.texts
    yield f"{agreement.same:,} of {agreement.texts:,} answers are the same ({share:.2%})"
    speeds = [agreement.texts / seconds for seconds in agreement.seconds]
    yield (
        f"{speeds[0]:,.1f} and {speeds[1]:,.1f} texts a second: version {second} has "
        f"{speeds[1] / speeds[0]:.2f} times the speed of version {first}"
    )
    for differing in agreement.differing:
        yield ""
        yield f"{differing['place']}: {quote(str(differing['text']))}"
        for version, answer in zip((first, second), _answers(differing), strict=True):
            yield f"  {version}: {answer}"


def _answers(differing: dict[str, object]) -> Iterator[str]:
    answers = differing["answers"]
    assert isinstance(answers, list)
    for answer in answers:
        yield " ".join(f"{part:.4f}" if isinstance(part, float) else part for part in answer)


def _numbers(values: Sequence[float | None]) -> tuple[str, str, str]:
    first, second = values
    shown = tuple("-" if value is None else f"{value:.4g}" for value in values)
    if first is None or second is None:
        return (shown[0], shown[1], "")
    return (shown[0], shown[1], f"{second - first:+.4g}")
