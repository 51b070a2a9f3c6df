"""What a run's network costs in PyTorch and exported, beside published versions.

Exports into a temporary folder; nothing is published.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import torch
from tqdm import tqdm

from service.artifact import read_artifact
from training.costs.contenders import BEAM, GREEDY, LABELS, Answer, Contender, eager, served
from training.costs.rounds import Turn, median_ratio, seconds_by_round
from training.data.splits import spread
from training.kinds.registry import published_kind_of
from training.run_folder import RunError, RunFolder
from training.runs import load_run
from training.tables import markdown_table
from training.trained import ClassificationRun, TranslationRun

AT_ONCE = 32
LENGTHS = (20, 200)  # words of the texts that a classifier reads


@dataclass(frozen=True)
class Workload:
    """Texts to ask for, and how: each alone or all at once."""

    name: str
    way: str
    texts: Sequence[str]
    alone: bool

    def turn(self, answer: Answer) -> Turn:
        if self.alone:
            return lambda: [answer([text]) for text in self.texts]
        return lambda: answer(self.texts)


@dataclass(frozen=True)
class Cost:
    """Median milliseconds of processor time a text, and the ratio to the baseline's."""

    milliseconds: float
    ratio: float


@dataclass(frozen=True)
class Costs:
    """Costs of each workload, by its name and the contender's."""

    baseline: str
    megabytes: Mapping[str, float]
    costs: Mapping[str, Mapping[str, Cost]]


def measure_costs(
    folder: RunFolder, versions: Sequence[Path], rounds: int, quiet: bool = True
) -> Costs:
    """The first version is the baseline; without one, the run's own export in int8.

    Raises RunError, DataError, ArtifactError, ExportError.
    """
    run = load_run(folder)
    if not isinstance(run, ClassificationRun | TranslationRun):
        raise RunError(f"{folder.path} is a run of {run.recipe.task}; a classifier's or a "
                       "translator's can be measured")  # fmt: skip
    with _one_thread(), tempfile.TemporaryDirectory(prefix="gatehouse-") as scratch:
        contenders = [_version(path, run) for path in versions]
        kind = published_kind_of(run.recipe.task)
        candidates, _ = kind.candidates(run, run.recipe.publication.name, "auto")
        for candidate in sorted(candidates, key=lambda one: one.draft.precision, reverse=True):
            precision = candidate.draft.precision
            artifact = candidate.write(Path(scratch) / precision)
            contenders.append(served(artifact, f"{folder.path.name} {precision}"))
        contenders += [eager(run, onednn=True), eager(run, onednn=False)]
        return _measured(contenders, _workloads(run), rounds, quiet)


def cost_table(found: Costs) -> str:
    """A row for each workload and one for the size, a column for each contender."""
    names = list(found.megabytes)
    rows = [["megabytes", *(f"{found.megabytes[name]:.1f}" for name in names)]]
    for workload, costs in found.costs.items():
        cells = [costs.get(name) for name in names]
        rows.append(
            [workload, *("" if cost is None else f"{cost.milliseconds:.2f} ms, {cost.ratio:.2f}"
                         for cost in cells)]
        )  # fmt: skip
    return markdown_table([f"a text, on one thread; to {found.baseline}", *names], rows)


def _version(path: Path, run: ClassificationRun | TranslationRun) -> Contender:
    artifact = read_artifact(path)
    if artifact.manifest.task != run.recipe.task:
        raise RunError(
            f"{path} is a {artifact.manifest.task} model; name one of {run.recipe.task}, as the run"
        )
    return served(artifact, f"{artifact.name} {artifact.version}")


def _workloads(run: ClassificationRun | TranslationRun) -> list[Workload]:
    if isinstance(run, TranslationRun):
        sets = run.corpora.test or run.corpora.validation
        texts = spread([pair.source for pair in next(iter(sets.values()))], AT_ONCE)
        return [
            Workload(f"{way}, {asked}", way, texts, asked == "alone")
            for way in (GREEDY, BEAM)
            for asked in ("alone", f"{len(texts)} at once")
        ]
    held_out = (*run.corpora.test.values(), *run.corpora.validation.values())
    texts = [example.text for part in held_out for example in part]
    found = []
    for words in LENGTHS:
        chosen = of_length(texts, words)
        if chosen:
            found.append(Workload(f"{words} words, alone", LABELS, chosen, alone=True))
            asked = f"{words} words, {len(chosen)} at once"
            found.append(Workload(asked, LABELS, chosen, alone=False))
    return found or [Workload("alone", LABELS, spread(texts, AT_ONCE), alone=True)]


def of_length(texts: Sequence[str], words: int) -> list[str]:
    """Up to `AT_ONCE` texts of about so many words (a tenth more or less), spread over all."""
    near = [text for text in texts if abs(len(text.split()) - words) <= words // 10]
    return list(spread(near, AT_ONCE))


def _measured(
    contenders: Sequence[Contender], workloads: Sequence[Workload], rounds: int, quiet: bool
) -> Costs:
    baseline = contenders[0].name
    costs: dict[str, dict[str, Cost]] = {}
    for workload in tqdm(workloads, unit="workload", disable=quiet or None):
        turns = {
            one.name: workload.turn(one.answers[workload.way])
            for one in contenders
            if workload.way in one.answers
        }
        seconds = seconds_by_round(turns, rounds)
        costs[workload.name] = {
            name: Cost(
                1000 * median(times) / len(workload.texts), median_ratio(times, seconds[baseline])
            )
            for name, times in seconds.items()
        }
    megabytes = {one.name: one.size / 1e6 for one in contenders}
    return Costs(baseline, megabytes, costs)


@contextmanager
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
