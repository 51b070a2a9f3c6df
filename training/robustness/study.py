"""All that is measured of some translators, one after the other, and what it is measured on."""

import logging
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from training.data.errors import DataError
from training.data.examples import SentencePair
from training.data.parallel import load_parallel
from training.data.splits import spread
from training.probes.translation import (
    KeptSentence,
    OddText,
    read_glossary_terms,
    read_kept,
    read_odd,
)
from training.robustness.glossary import Forced, Honoured, draw_forced, measure_glossary
from training.robustness.kept import Kept, measure_kept
from training.robustness.odd import Odd, measure_odd
from training.robustness.parts import GLOSSARY, KEPT, ODD, PARTS, SEARCH, TYPED
from training.robustness.searches import Searches, measure_searches
from training.robustness.served import Served
from training.robustness.typed import Typed, measure_typed

_OF_PAIRS = {TYPED, GLOSSARY, SEARCH}

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Choice:
    """What to measure. limit: sentences of each set, spread over it; None for all."""

    models: Sequence[Path]
    root: Path
    parts: Collection[str] = PARTS
    test_set: str = "multi30k:test"
    limit: int | None = None
    seed: int = 1
    beam_size: int = 5
    quiet: bool = True


@dataclass(frozen=True)
class Measures:
    """What was found of one translator; None where it was not asked for or cannot be."""

    kept: Kept | None
    typed: Typed | None
    odd: Odd | None
    glossary: Honoured | None
    search: Searches | None


@dataclass(frozen=True)
class Findings:
    """What was found of each translator by its name, the baseline first."""

    direction: str
    test_set: str
    limit: int | None
    seed: int
    beam_size: int
    parts: list[str]
    models: dict[str, Measures]


@dataclass(frozen=True)
class _Sets:
    kept: Sequence[KeptSentence]
    pairs: Sequence[SentencePair]
    odd: Sequence[OddText]
    forced: Sequence[Forced]


def run_study(choice: Choice) -> Findings:
    """Measure all of them. Raises ArtifactError for a bad model.

    Raises DataError for one that does not translate, for models of several directions, and for a
    set that is not there; all before anything is translated.
    """
    with ExitStack() as stack:
        opened = [
            stack.enter_context(Served(folder, choice.beam_size, choice.quiet))
            for folder in choice.models
        ]
        languages = _direction(opened)
        sets = _read(choice, languages)
        models = {
            name: _measure(served, sets, choice)
            for name, served in zip(_names(opened), opened, strict=True)
        }
    return Findings(
        "-".join(languages),
        choice.test_set,
        choice.limit,
        choice.seed,
        choice.beam_size,
        [part for part in PARTS if part in choice.parts],
        models,
    )


def _direction(opened: Sequence[Served]) -> tuple[str, str]:
    directions = {served.folder: served.languages for served in opened}
    first, *others = dict.fromkeys((one.source, one.target) for one in directions.values())
    if others:
        found = ", ".join(
            f"{folder} from {one.source} to {one.target}" for folder, one in directions.items()
        )
        raise DataError(f"models of one direction can be compared; these are {found}")
    return first


def _names(opened: Sequence[Served]) -> list[str]:
    """Name and version, or the folder where two have the same."""
    names = [served.name for served in opened]
    return names if len(set(names)) == len(names) else [str(served.folder) for served in opened]


def _read(choice: Choice, languages: tuple[str, str]) -> _Sets:
    pairs = _pairs(choice, languages) if _OF_PAIRS & set(choice.parts) else []
    forced = []
    if GLOSSARY in choice.parts:
        forced = draw_forced(pairs, read_glossary_terms(*languages))
        if not forced:
            _log.info("no sentence of %s has a term of the glossary", choice.test_set)
    return _Sets(
        kept=spread(read_kept(*languages), choice.limit) if KEPT in choice.parts else [],
        pairs=spread(pairs, choice.limit),
        odd=read_odd() if ODD in choice.parts else [],
        forced=spread(forced, choice.limit),
    )


def _pairs(choice: Choice, languages: tuple[str, str]) -> list[SentencePair]:
    source, _, split = choice.test_set.partition(":")
    try:
        return load_parallel(choice.root, source, split or "test", languages)
    except DataError as error:
        without = " ".join(f"--part {part}" for part in PARTS if part not in _OF_PAIRS)
        raise DataError(
            f"{error} (datasets are looked for in {choice.root}: --root; without one: {without})"
        ) from None


def _measure(served: Served, sets: _Sets, choice: Choice) -> Measures:
    parts = choice.parts
    return Measures(
        kept=measure_kept(served, sets.kept) if KEPT in parts else None,
        typed=measure_typed(served, sets.pairs, choice.seed) if TYPED in parts else None,
        odd=measure_odd(served, sets.odd) if ODD in parts else None,
        glossary=measure_glossary(served, sets.forced) if GLOSSARY in parts else None,
        search=measure_searches(served, sets.pairs) if SEARCH in parts else None,
    )
