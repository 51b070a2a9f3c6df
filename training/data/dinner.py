"""What's for dinner: diaries in which pizza, burger and fries follow each other by rules.

Generated. Dinner is the next of the cycle after yesterday's: pizza, burger, fries, pizza. But

- after a late meeting nobody cooks, and yesterday's dinner is eaten again;
- on Friday there is pizza;
- from June to August the cycle runs the other way round.

One dinner of twenty is a whim, any of the three. Of four dinners one was not noted the day after,
so that what was eaten has to be worked out from the days before: from a prediction of yesterday.
After the example of Rohrer, "How recurrent neural networks and long short-term memory work".

This module knows nothing about networks.
"""

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np

from training.data.sequences import Cell, ColumnSequence

DINNERS = ("pizza", "burger", "fries")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WHIM = 0.05
NOT_NOTED = 0.25
LATE = 0.2
_SUMMER = (6, 7, 8)
_FIRST_DAY = date(2020, 1, 1)
_DAYS = 2000  # within which a diary begins


def usual_dinner(yesterday: str, day: date, late_meeting: bool) -> str:
    """The dinner of a day by the rules."""
    if WEEKDAYS[day.weekday()] == "Friday":
        return "pizza"
    if late_meeting:
        return yesterday
    turn = -1 if day.month in _SUMMER else 1
    return DINNERS[(DINNERS.index(yesterday) + turn) % len(DINNERS)]


def _diary(days: int, generator: np.random.Generator) -> ColumnSequence:
    """Some days in a row: what was known when dinner was to be guessed, and what there was."""
    day = _FIRST_DAY + timedelta(days=int(generator.integers(_DAYS)))
    eaten = DINNERS[generator.integers(len(DINNERS))]
    cells: dict[str, list[Cell]] = {"yesterday": [], "weekday": [], "month": [], "late_meeting": []}
    labels = []
    for _ in range(days):
        late = bool(generator.random() < LATE)
        cells["yesterday"].append(None if generator.random() < NOT_NOTED else eaten)
        cells["weekday"].append(WEEKDAYS[day.weekday()])
        cells["month"].append(MONTHS[day.month - 1])
        cells["late_meeting"].append("yes" if late else "no")
        eaten = usual_dinner(eaten, day, late)
        if generator.random() < WHIM:
            eaten = DINNERS[generator.integers(len(DINNERS))]
        labels.append(eaten)
        day += timedelta(days=1)
    return ColumnSequence(cells, tuple(labels))


def dinner_splits(
    sizes: Mapping[str, int], seed: int, days: int = 28
) -> dict[str, list[ColumnSequence]]:
    """Splits of so many diaries, such as {"train": 2000, "validation": 200, "test": 200}.

    The label of each day is its dinner; ``yesterday`` is the dinner before, None where nobody noted
    it. The same arguments give the same diaries.
    """
    generator = np.random.default_rng((seed, 0x64696E6E6572))
    return {split: [_diary(days, generator) for _ in range(size)] for split, size in sizes.items()}
