"""Runs the trials of the study, several at a time, and keeps each result in a file of its own.

An interrupted study goes on with the trials that have no file yet. Knows nothing about figures.
"""

import json
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from training.networks.cells.names import CellName
from training.run_folder import RunError
from training.studies.long_memory.settings import CELL_NAMES, Settings
from training.studies.long_memory.trial import Trial, run_trial, trials

SETTINGS_FILE = "settings.json"
TRIALS = "trials"


def run_study(
    settings: Settings,
    folder: Path,
    jobs: int = 1,
    cells: tuple[CellName, ...] = CELL_NAMES,
    quiet: bool = False,
) -> list[dict[str, Any]]:
    """The results of all trials (see `run_trial`), in the order of `trials`.

    Each trial runs on one thread and gives the same numbers whatever runs beside it. Raises
    RunError for a folder that holds a study with other settings.
    """
    _claim(folder, settings)
    planned = trials(settings, cells)
    missing = [trial for trial in planned if not _file(folder, trial).exists()]
    done = len(planned) - len(missing)
    with tqdm(total=len(planned), initial=done, unit="trial", disable=quiet) as bar:
        for trial, result in _run_all(missing, settings, jobs):
            _write(_file(folder, trial), result)
            if not quiet:
                bar.write(_line(result), file=sys.stderr)
            bar.update()
    return [json.loads(_file(folder, trial).read_text(encoding="utf-8")) for trial in planned]


def _run_all(
    missing: list[Trial], settings: Settings, jobs: int
) -> Iterator[tuple[Trial, dict[str, Any]]]:
    if jobs == 1:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            yield from ((trial, run_trial(trial, settings)) for trial in missing)
        finally:
            torch.set_num_threads(threads)
        return
    # Started afresh: a forked copy of a process that has used torch's threads may hang.
    with ProcessPoolExecutor(jobs, get_context("spawn"), _one_thread) as pool:
        running = {pool.submit(run_trial, trial, settings): trial for trial in missing}
        try:
            for future in as_completed(running):
                yield running[future], future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _one_thread() -> None:
    torch.set_num_threads(1)


def _claim(folder: Path, settings: Settings) -> None:
    """Make the folder this study's, or see that it is. Raises RunError."""
    own = json.loads(json.dumps(asdict(settings)))  # tuples as lists, as they are read again
    path = folder / SETTINGS_FILE
    if path.exists():
        if json.loads(path.read_text(encoding="utf-8")) != own:
            raise RunError(f"{folder} holds a study with other settings; name another (--out DIR)")
        return
    if folder.exists() and any(folder.iterdir()):
        raise RunError(f"{folder} is no folder of this study and not empty; name another (--out)")
    (folder / TRIALS).mkdir(parents=True, exist_ok=True)
    _write(path, own)


def _file(folder: Path, trial: Trial) -> Path:
    return folder / TRIALS / f"{trial.name}.json"


def _write(path: Path, content: dict[str, Any]) -> None:
    """Whole or not at all: what is there counts as done."""
    unfinished = path.with_suffix(".tmp")
    unfinished.write_text(json.dumps(content) + "\n", encoding="utf-8")
    unfinished.replace(path)


def _line(result: dict[str, Any]) -> str:
    return (
        f"{result['task']}, {result['cell']}, gap {result['gap']}, "
        f"rate {result['learning_rate']:g}, seed {result['seed']}: {result['accuracy']:.1%} after "
        f"{result['updates']} updates ({result['seconds']:.0f} s)"
    )
