"""Daily weather of made-up places: high, low, wind, rain, humidity.

Generated: a year's course, air masses that stay for some days, and two kinds of rain. In the cold
half of the year it comes with a front: the pressure is low and the wind up, and milder air follows.
In the warm half it comes after a few days of heat: a thunderstorm, and cooler air follows. So what
a rainy day means depends on the days around it, which no average of a week shows.

This module knows nothing about networks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from training.data.sequences import ColumnSequence

COLUMNS = ("high", "low", "wind", "rain", "humidity")  # °C, °C, km/h, mm, %
SEASONS = ("winter", "spring", "summer", "autumn")
YEAR = 365
_WARMEST = 200  # day of the year
_SETTLING = 30  # days before the first that count


@dataclass(frozen=True)
class Climate:
    """A place: its mean high, how far summer and winter are from it (°C), its wind (km/h)."""

    mean: float = 14.0
    amplitude: float = 9.0
    wind: float = 12.0


class _Air(NamedTuple):
    """What passes from one day to the next; each an array of places."""

    mass: np.ndarray  # °C above what the day of the year has
    pressure: np.ndarray  # standard deviations
    heat: np.ndarray  # of the last warm days, °C
    mild: np.ndarray  # °C that a front brings tomorrow


def daily_weather(
    days: int,
    first_days: np.ndarray,
    climates: Sequence[Climate],
    generator: np.random.Generator,
) -> np.ndarray:
    """The weather of some days in a row: places x days x columns (float64), one decimal.

    first_days: of the year, from 0, for each place.
    """
    places = len(climates)
    means, amplitudes, winds = (
        np.array([getattr(climate, name) for climate in climates])
        for name in ("mean", "amplitude", "wind")
    )
    rows = np.zeros((days, places, len(COLUMNS)))
    air = _Air(*np.zeros((4, places)))
    for i in range(-_SETTLING, days):
        course = np.cos(2 * np.pi * (first_days + i - _WARMEST) / YEAR)  # 1 amid summer
        row, air = _day(course, air, generator)
        if i >= 0:
            row[:, 0] += means + amplitudes * course
            row[:, 1] += row[:, 0]
            row[:, 2] *= winds
            rows[i] = row
    return np.round(rows.transpose(1, 0, 2), 1)


def _day(course: np.ndarray, air: _Air, generator: np.random.Generator) -> tuple[np.ndarray, _Air]:
    """What is to be added to the climate's high, to the high, and times the wind; rain, humidity.

    Places x columns, and the air that is there tomorrow.
    """
    warm = (1 + course) / 2
    places = len(course)
    chance, strength = generator.random(places), generator.gamma(2.0, size=places)
    noise = generator.normal(size=(5, places))
    front = (air.pressure < -0.6) & (chance > warm)
    storm = (air.heat > 3.0) & (chance < warm)
    wet = front | storm
    mass = 0.7 * air.mass + 1.5 * noise[0] + air.mild - 5.0 * storm
    rain = strength * (4.0 * front + 4.0 * (storm & ~front))
    wind = np.exp(0.25 * noise[2] - 0.15 * air.pressure)
    humidity = np.clip(65.0 - 1.2 * mass + 14.0 * wet + 5.0 * noise[3], 15.0, 100.0)
    row = np.stack([mass, 2.5 * wet - 7.0 - 0.8 * abs(noise[1]), wind, rain, humidity], axis=1)
    return row, _Air(
        mass=mass,
        pressure=0.7 * air.pressure + 0.7 * noise[4] + 1.5 * front,
        heat=np.where(storm, 0.0, 0.7 * air.heat + np.maximum(0.0, mass)),
        mild=np.where(front, 2.5, 0.4 * air.mild),
    )


def weather_series(days: int, seed: int) -> ColumnSequence:
    """One place from a first of January on."""
    generator = np.random.default_rng((seed, 0x77656174686572))
    return _as_columns(daily_weather(days, np.zeros(1), [Climate()], generator)[0])


def season_splits(
    sizes: Mapping[str, int], seed: int, days: int = 21
) -> dict[str, list[ColumnSequence]]:
    """Splits of so many sequences of days, each of another place, labelled with their season.

    How warm a place is in the mean differs more than its summer from its winter. A sequence lies
    within the three months of its season. The same arguments give the same sequences.
    """
    generator = np.random.default_rng((seed, 0x736561736F6E))
    return {split: _seasons(size, days, generator) for split, size in sizes.items()}


def _seasons(count: int, days: int, generator: np.random.Generator) -> list[ColumnSequence]:
    seasons = generator.integers(len(SEASONS), size=count)
    # Winter begins with December, 31 days before the year.
    within = generator.integers(YEAR // 4 - days + 1, size=count)
    climates = [
        Climate(
            mean=generator.uniform(0.0, 28.0),
            amplitude=generator.uniform(5.0, 10.0),
            wind=generator.uniform(8.0, 20.0),
        )
        for _ in range(count)
    ]
    rows = daily_weather(days, seasons * YEAR / 4 - 31 + within, climates, generator)
    return [
        ColumnSequence(_as_columns(part).cells, (SEASONS[season],))
        for part, season in zip(rows, seasons, strict=True)
    ]


def _as_columns(rows: np.ndarray) -> ColumnSequence:
    """rows: days x columns."""
    return ColumnSequence({name: rows[:, i].tolist() for i, name in enumerate(COLUMNS)})
