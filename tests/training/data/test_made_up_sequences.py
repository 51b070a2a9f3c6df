"""The generated diaries and weather: seeded, and made by the rules that they state."""

from datetime import date

import numpy as np

from training.data.dinner import DINNERS, MONTHS, WEEKDAYS, dinner_splits, usual_dinner
from training.data.weather import COLUMNS, SEASONS, season_splits, weather_series


def test_the_rules_of_dinner() -> None:
    monday, friday, in_july = date(2024, 3, 4), date(2024, 3, 8), date(2024, 7, 1)
    assert [usual_dinner(one, monday, False) for one in DINNERS] == ["burger", "fries", "pizza"]
    assert [usual_dinner(one, in_july, False) for one in DINNERS] == ["fries", "pizza", "burger"]
    assert [usual_dinner(one, monday, True) for one in DINNERS] == list(DINNERS)
    assert {usual_dinner(one, friday, True) for one in DINNERS} == {"pizza"}


def test_diaries_follow_the_rules_but_for_whims() -> None:
    sizes = {"train": 150, "test": 50}
    diaries = dinner_splits(sizes, seed=3)
    assert diaries == dinner_splits(sizes, seed=3)
    assert diaries != dinner_splits(sizes, seed=4)
    kept = noted = days = 0
    for diary in diaries["train"]:
        for day in range(1, len(diary)):
            cells = {name: values[day] for name, values in diary.cells.items()}
            before = diary.labels[day - 1]
            month = MONTHS.index(str(cells["month"])) + 1
            # Any day of that month with that weekday.
            known = next(
                one for one in (date(2024, month, number) for number in range(1, 8))
                if WEEKDAYS[one.weekday()] == cells["weekday"]
            )  # fmt: skip
            kept += usual_dinner(before, known, cells["late_meeting"] == "yes") == diary.labels[day]
            if cells["yesterday"] is not None:
                assert cells["yesterday"] == before
                noted += 1
            days += 1
    assert 0.95 < kept / days < 0.98
    assert 0.72 < noted / days < 0.78


def test_weather_is_seeded_and_has_a_year() -> None:
    series = weather_series(3 * 365, seed=1)
    assert series == weather_series(3 * 365, seed=1)
    rows = np.array([series.cells[name] for name in COLUMNS]).T  # days x columns
    high, low, wind, rain, humidity = rows.T
    assert (high > low).all()
    assert (wind > 0).all()
    assert ((humidity >= 15) & (humidity <= 100)).all()
    assert 0.05 < (rain > 0).mean() < 0.3
    assert high[180:220].mean() > high[:40].mean() + 10


def test_seasons_are_no_matter_of_warmth_alone() -> None:
    parts = season_splits({"train": 400}, seed=1)
    assert parts == season_splits({"train": 400}, seed=1)
    labels = np.array([one.labels[0] for one in parts["train"]])
    assert set(labels) == set(SEASONS)
    means = np.array([np.mean(np.array(one.cells["high"], float)) for one in parts["train"]])
    summer, winter = means[labels == "summer"], means[labels == "winter"]
    assert (winter > np.median(summer)).mean() > 0.05
    assert (summer < np.median(winter)).mean() > 0.05
