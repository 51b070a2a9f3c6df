"""Trains every variant of a plan alike, and notes what the validation data said of it.

Selection is what such a study is for, so no test set is looked at. Knows nothing about the command
line or tables. Each variant is a run in one folder: one that was interrupted goes on, and one that
has ended is not trained again.
"""

import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from training.looks import looks_in
from training.origin import Origin
from training.recipe import Recipe
from training.run_folder import RunError, RunFolder
from training.runs import finish_run, run_recipe
from training.studies.variants.plan import Plan, folder_name

_RESULT = "result.json"


@dataclass(frozen=True)
class Study:
    """A plan, where its data and its runs lie, and the seeds with which each variant is trained."""

    plan: Plan
    root: Path
    folder: Path
    seeds: Sequence[int] = (1,)
    changes: Mapping[str, Any] | None = None
    quiet: bool = True


@dataclass(frozen=True)
class Outcome:
    """What became of one run.

    score: the best of its validations, in the recipe's metric; details: what was noted at that
    look; speed: tokens a second, the median; None of a run too short to say.
    """

    metric: str
    score: float
    details: Mapping[str, float]
    steps: int
    speed: float | None


def outcomes(study: Study, names: Sequence[str]) -> Iterator[tuple[str, int, Outcome | RunError]]:
    """Name, seed and outcome of each variant, as they come to their end; seeds one by one.

    What made a run fail stands in place of its outcome, and the others go on: one setting may make
    a network diverge. Raises RecipeError before anything is trained; DataError, Stopped.
    """
    plans = {seed: study.plan.recipes(seed, dict(study.changes or {})) for seed in study.seeds}
    for seed, recipes in plans.items():
        for name in names:
            run = RunFolder(study.folder / folder_name(name, seed))
            try:
                yield name, seed, _outcome(run, recipes[name], study)
            except RunError as error:
                yield name, seed, error


def _outcome(run: RunFolder, recipe: Recipe, study: Study) -> Outcome:
    noted = run.path / _RESULT
    if noted.exists() and run_recipe(run) == recipe:
        return Outcome(**json.loads(noted.read_text(encoding="utf-8")))
    position = finish_run(run, recipe, Origin(study.root), study.quiet, "--run DIR")
    records = run.records()
    best = max(looks_in(records), key=lambda record: (record["score"], record["step"]))
    speeds = [record["tokens_per_second"] for record in records if record["kind"] == "step"]
    outcome = Outcome(
        metric=best["metric"],
        score=best["score"],
        details=best["details"],
        steps=position.step,
        speed=statistics.median(speeds) if speeds else None,
    )
    run.write_json(noted, asdict(outcome))
    return outcome
