"""The models called in-process, without a server: the ceiling, and what single steps cost.

Each command runs in a process of its own, on one core, and prints JSON. Uses what any Python
program may: `read_artifact`, the pipelines, and the sessions of `service.pipelines.tensors`.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

BATCH = 32
_ENCODED = 56  # texts: each length once, the same texts as are streamed
_PASSES = 4
_WARM_UP = 0.5  # seconds
_PATIENCE = 120  # seconds that a process may take beyond what it was asked for


def command(name: str, *arguments: object) -> list[str]:
    """The command line of one process."""
    return [sys.executable, "-m", "benchmarks.in_process", name, *map(str, arguments)]


def run(commands: Sequence[Sequence[str]], folder: Path, seconds: float) -> list[Any]:
    """What processes that run at the same time print. Raises RuntimeError where one fails."""
    processes = [
        subprocess.Popen(
            line, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for line in commands
    ]
    found = []
    try:
        for process in processes:
            output, errors = process.communicate(timeout=seconds + _PATIENCE)
            if process.returncode:
                raise RuntimeError(
                    (errors.strip() or f"status {process.returncode}").splitlines()[-1]
                )
            found.append(json.loads(output))
    finally:
        for process in processes:
            if process.poll() is None:
                process.kill()
                process.wait()
    return found


def main() -> None:
    """Run one command."""
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="name", required=True)
    for name in ("classify", "translate", "answers", "costs"):
        each = commands.add_parser(name)
        each.add_argument("model", type=Path)
        each.add_argument("texts", type=Path, help="a JSON list")
        each.add_argument("--core", type=int, help="the one core to run on")
        each.add_argument("--seconds", type=float, default=3.0)
        each.add_argument("--beam", type=int, default=1)
    options = parser.parse_args()
    if options.core is not None:
        os.sched_setaffinity(0, {options.core})
    texts = json.loads(options.texts.read_text(encoding="utf-8"))
    steps: dict[str, Callable[[], Any]] = {
        "classify": lambda: classify(options.model, texts, options.seconds),
        "translate": lambda: translate(options.model, texts, options.seconds, options.beam),
        "answers": lambda: answers(options.model, texts, options.beam),
        "costs": lambda: costs(options.model, texts, options.seconds),
    }
    json.dump(steps[options.name](), sys.stdout)


def classify(model: Path, texts: list[str], seconds: float) -> dict[str, float]:
    """Texts a second and processor time a text, from texts to labels, in sorted batches."""
    from service.artifact import read_artifact
    from service.pipelines.classification import ClassificationPipeline
    from service.pipelines.options import PipelineOptions

    pipeline = ClassificationPipeline(
        read_artifact(model), PipelineOptions(threads=1, max_batch_size=BATCH)
    )
    # The pipeline sorts the texts of a call by length, and cuts them into batches.
    measured = _repeat(lambda: pipeline.classify(texts), seconds)
    count = measured["calls"] * len(texts)
    return {
        "texts_per_second": count / measured["seconds"],
        "cpu_ms_per_text": 1000 * measured["cpu_seconds"] / count,
    }


def translate(model: Path, texts: list[str], seconds: float, beam: int) -> dict[str, float]:
    """Sentences and source words a second, from text to text, in sorted batches."""
    from service.artifact import read_artifact
    from service.pipelines.options import PipelineOptions
    from service.pipelines.translation import SearchOptions, TranslationPipeline

    artifact = read_artifact(model)
    pipeline = TranslationPipeline(
        artifact, PipelineOptions(threads=1, max_decoding_rows=BATCH * beam)
    )
    ordered = sorted(texts, key=lambda text: len(artifact.tokenizer.encode(text)))
    batches = [ordered[i : i + BATCH] for i in range(0, len(ordered), BATCH)]
    search = SearchOptions(beam_size=beam)

    def all_batches() -> None:
        for batch in batches:
            pipeline.translate(batch, search)

    measured = _repeat(all_batches, seconds)
    rate = measured["calls"] / measured["seconds"]
    return {
        "sentences_per_second": rate * len(texts),
        "words_per_second": rate * sum(len(text.split()) for text in texts),
        "cpu_ms_per_sentence": 1000 * measured["cpu_seconds"] / (measured["calls"] * len(texts)),
    }


def answers(model: Path, texts: list[str], beam: int) -> list[Any]:
    """The best label with its score, or the translation, of each text."""
    from service.artifact import TranslationManifest, read_artifact
    from service.pipelines.classification import ClassificationPipeline
    from service.pipelines.translation import SearchOptions, TranslationPipeline

    artifact = read_artifact(model)
    if isinstance(artifact.manifest, TranslationManifest):
        return TranslationPipeline(artifact).translate(texts, SearchOptions(beam_size=beam))
    return [list(labels[0]) for labels in ClassificationPipeline(artifact).classify(texts)]


def costs(model: Path, texts: list[str], seconds: float) -> dict[str, float]:
    """Milliseconds of one encoding (of each text alone, the median) and of one decoder step.

    Steps are of 1, 5 and 32 rows at the median source length, with the median over many.
    """
    import numpy as np

    from benchmarks.statistics import median
    from service.artifact import TranslationManifest, read_artifact
    from service.pipelines.tensors import open_session, pad_rows

    artifact = read_artifact(model)
    manifest = artifact.manifest
    assert isinstance(manifest, TranslationManifest)
    encoder = open_session(artifact.graph_path("encoder"), 1)
    decoder = open_session(artifact.graph_path("decoder"), 1)
    rows = [artifact.tokenizer.encode(text) for text in texts]
    encodings = []
    for row in rows[:_ENCODED] * _PASSES:
        tokens, lengths = pad_rows([row])
        begin = time.perf_counter()
        encoder.run({"tokens": tokens, "lengths": lengths})
        encodings.append(time.perf_counter() - begin)
    found = {"encode_ms": 1000 * median(encodings)}
    middle = sorted(rows, key=len)[len(rows) // 2]
    found["source_tokens"] = len(middle)
    for count in (1, 5, BATCH):
        tokens, lengths = pad_rows([middle] * count)
        feeds = encoder.run({"tokens": tokens, "lengths": lengths})
        feeds |= {
            "token": np.full(count, artifact.tokenizer.bos_id, dtype=np.int32),
            "source_lengths": lengths,
            "k": np.array([1], dtype=np.int64),
        }
        times: list[float] = []
        limit = time.perf_counter() + seconds / 3
        while time.perf_counter() < limit or len(times) < 20:
            begin = time.perf_counter()
            decoder.run(feeds)
            times.append(time.perf_counter() - begin)
        found[f"step_{count}_ms"] = 1000 * median(times)
    return found


def _repeat(call: Callable[[], object], seconds: float) -> dict[str, float]:
    """Whole calls until the time is over, after a warm-up."""
    limit = time.perf_counter() + _WARM_UP
    while True:
        call()
        if time.perf_counter() >= limit:
            break
    calls = 0
    begin, cpu = time.perf_counter(), time.process_time()
    while calls == 0 or time.perf_counter() - begin < seconds:
        call()
        calls += 1
    return {
        "calls": calls,
        "seconds": time.perf_counter() - begin,
        "cpu_seconds": time.process_time() - cpu,
    }


if __name__ == "__main__":
    main()
