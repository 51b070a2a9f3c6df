"""The raw results of a run: measurements, failures and facts, kept as one JSON document.

Knows nothing about how anything was measured or is shown.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from benchmarks.statistics import median


def ceiling_of(scenario: str) -> str:
    """The scenario under which the model in-process is kept that took turns in a scenario."""
    return f"{scenario}-ceiling"


@dataclass(frozen=True)
class Measurement:
    """What one round of one scenario gave for one system."""

    scenario: str
    system: str
    round: int
    values: dict[str, float]


@dataclass(frozen=True)
class Failure:
    """A system that could not be installed or started, or a scenario that failed."""

    system: str
    stage: str
    message: str


@dataclass
class Results:
    """Everything a report is made from."""

    facts: dict[str, Any] = field(default_factory=dict)
    measurements: list[Measurement] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    curves: dict[str, list[list[float]]] = field(default_factory=dict)  # name: points (x, y)
    commands: dict[str, str] = field(default_factory=dict)  # what: command line

    def add(self, scenario: str, system: str, number: int, values: dict[str, float]) -> None:
        """Keep what one round gave."""
        self.measurements.append(Measurement(scenario, system, number, values))

    def values(self, scenario: str, system: str, key: str) -> list[float]:
        """One value for each round that has it, in the order of measuring."""
        return list(self.by_round(scenario, system, key).values())

    def by_round(self, scenario: str, system: str, key: str) -> dict[int, float]:
        """The value of each round that has one."""
        return {
            measurement.round: measurement.values[key]
            for measurement in self.measurements
            if (measurement.scenario, measurement.system) == (scenario, system)
            and key in measurement.values
        }

    def median(self, scenario: str, system: str, key: str) -> float | None:
        """The median over the rounds; None where nothing was measured."""
        found = self.values(scenario, system, key)
        return median(found) if found else None

    def largest(self, scenario: str, systems: Iterable[str], key: str) -> tuple[str, float] | None:
        """The system with the largest median, and that; None where none was measured."""
        found = {name: self.median(scenario, name, key) for name in systems}
        known = {name: value for name, value in found.items() if value is not None}
        return max(known.items(), key=lambda item: item[1]) if known else None

    def smallest(self, scenario: str, systems: Iterable[str], key: str) -> tuple[str, float] | None:
        """The system with the smallest median, and that; None where none was measured."""
        found = {name: self.median(scenario, name, key) for name in systems}
        known = {name: value for name, value in found.items() if value is not None}
        return min(known.items(), key=lambda item: item[1]) if known else None

    def systems(self, scenario: str) -> list[str]:
        """The systems measured in a scenario, each once, in the order of measuring."""
        found = (m.system for m in self.measurements if m.scenario == scenario)
        return list(dict.fromkeys(found))

    def save(self, path: Path) -> None:
        """Write the document."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a document that `save` wrote."""
        document = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            facts=document["facts"],
            measurements=[Measurement(**entry) for entry in document["measurements"]],
            failures=[Failure(**entry) for entry in document["failures"]],
            curves=document["curves"],
            commands=document["commands"],
        )
