"""What answers texts: a published version as it is served, and a run's network in eager PyTorch.

All of it on one thread. Knows nothing about clocks.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from service.artifact import Artifact
from service.pipelines.classification import ClassificationPipeline
from service.pipelines.loading import Pipeline, load_pipeline
from service.pipelines.options import PipelineOptions
from service.pipelines.translation import SearchOptions, TranslationPipeline
from training.tasks.padding import pad
from training.trained import ClassificationRun, TranslationRun

Answer = Callable[[Sequence[str]], object]  # texts that are asked at once
GREEDY = "greedy"
BEAM = "beam 5"
LABELS = "labels"  # the one way to ask a classifier


@dataclass(frozen=True)
class Contender:
    """A name, how large the files are (bytes), and answers by the way of asking.

    A way that is missing is one that this contender has not.
    """

    name: str
    size: int
    answers: dict[str, Answer]


def served(artifact: Artifact, name: str) -> Contender:
    """An artifact through the service's pipeline. Raises ValueError for other tasks."""
    pipeline: Pipeline = load_pipeline(artifact, PipelineOptions(threads=1))
    answers: dict[str, Answer]
    if isinstance(pipeline, ClassificationPipeline):
        answers = {LABELS: pipeline.classify}
    elif isinstance(pipeline, TranslationPipeline):
        answers = {
            way: _searching(pipeline, SearchOptions(beam_size=size))
            for way, size in ((GREEDY, 1), (BEAM, 5))
        }
    else:
        raise ValueError(f"{name} is a {artifact.manifest.task} model")
    files = sum(file.stat().st_size for file in artifact.path.iterdir() if file.is_file())
    return Contender(name, files, answers)


def eager(run: ClassificationRun | TranslationRun, onednn: bool) -> Contender:
    """A run's network in PyTorch, in float32, from texts to labels or to translations.

    Its translations are greedy: a beam search in PyTorch would measure that search's own code.
    onednn: as PyTorch is by default. oneDNN packs an LSTM's weights anew at every call, which for
    a few tokens costs more than the call, so it is without it that a few tokens are fastest.
    """
    name = "PyTorch" if onednn else "PyTorch without oneDNN"
    network: Any = run.network
    size = sum(weight.numel() * 4 for weight in network.parameters())

    def answer(texts: Sequence[str]) -> object:
        with torch.inference_mode(), _onednn(onednn):
            if isinstance(run, ClassificationRun):
                return _classify(run, texts)
            return _translate(run, texts)

    way = LABELS if isinstance(run, ClassificationRun) else GREEDY
    return Contender(name, size, {way: answer})


@contextmanager
def _onednn(enabled: bool) -> Iterator[None]:
    """Not torch.backends.mkldnn.flags, which sets what only some processors have, and warns."""
    before, *_ = torch.backends.mkldnn.set_flags(enabled)  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        torch.backends.mkldnn.set_flags(before)  # type: ignore[no-untyped-call]


def _searching(pipeline: TranslationPipeline, options: SearchOptions) -> Answer:
    return lambda texts: pipeline.translate_sentences(texts, options)


def _classify(run: ClassificationRun, texts: Sequence[str]) -> list[list[float]]:
    tokenizer = run.tokenizer
    rows = [np.array(tokenizer.encode(text) or [tokenizer.unk_id]) for text in texts]
    shares: list[list[float]] = run.network(*pad(rows, _CPU)).softmax(dim=1).tolist()
    return shares


def _translate(run: TranslationRun, texts: Sequence[str]) -> list[str]:
    tokenizer = run.tokenizer
    rows = [np.array(tokenizer.encode(text)) for text in texts]
    tokens, lengths = pad(rows, _CPU)
    words, _ = run.network.greedy(tokens, lengths, 2 * tokens.shape[1] + 10)
    ends = (tokenizer.bos_id, tokenizer.eos_id, tokenizer.pad_id)
    return [tokenizer.decode([word for word in row if word not in ends]) for row in words.tolist()]


_CPU = torch.device("cpu")
