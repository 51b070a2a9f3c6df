"""What a sequence recipe reads: statistics of the training part alone, and no look ahead."""

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from service.artifact import CategoryColumn, NumberColumn
from training.baselines.sequences import naive_forecasts
from training.corpora import OwnData
from training.data.errors import DataError
from training.origin import Origin
from training.recipe import RecipeError, SequenceRecipe, read_recipe
from training.sequence_data import (
    ForecastData,
    LabelData,
    Reading,
    measured_data,
    sequence_data,
)


def recipe(name: str, **settings: Any) -> SequenceRecipe:
    found = read_recipe(name, {key.replace("__", "."): value for key, value in settings.items()})
    assert isinstance(found, SequenceRecipe)
    return found


def own_recipe(name: str, **settings: Any) -> SequenceRecipe:
    found = recipe(name, **settings)
    target: dict[str, Any] = {"labels": None, "previous": None}
    if found.target.kind == "forecast":
        target = {"columns": ("sold",), "period": None}
    changed = found.target.model_copy(update=target)
    return found.model_copy(update={"columns": (), "target": changed, "window": None})


def sales(path: Path, rows: int) -> OwnData:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["day", "sold", "sky"])
        for i in range(rows):
            day = np.datetime64("2024-01-01") + i
            table.writerow([day, 100 * (i // 80) + i % 7, "rain" if i % 3 else "clear"])
    return OwnData(path, value_columns=["sold"], input_columns=["sky"], time_column="day")


def test_a_series_is_split_by_time(tmp_path: Path) -> None:
    own = sales(tmp_path / "sales.csv", 400)
    data = sequence_data(own_recipe("forecast", target__horizon=5), Origin(tmp_path, own))
    assert isinstance(data, ForecastData)
    assert (data.window, data.period, data.forecast) == (28, 7, ("sold",))
    number, sky = data.columns
    assert isinstance(number, NumberColumn)
    assert isinstance(sky, CategoryColumn)
    assert number.mean == pytest.approx(data.train.values[:320].mean())
    assert sky.values == ("clear", "rain")

    def future(windows: Any) -> tuple[int, int]:
        """The first and the last step that is to be forecast."""
        return int(windows.starts[0]) + 28, int(windows.starts[-1]) + 28 + 5 - 1

    assert future(data.train) == (28, 319)
    assert future(data.validation) == (320, 359)
    assert future(data.test) == (360, 399)
    window = np.array([0, 3])
    followed = data.train.followed(window)  # windows x time x horizon x columns
    assert followed[1, 27, :, 0].tolist() == data.train.values[31:36, 0].tolist()
    assert (followed[:, -1] == data.train.followed_last()[window]).all()


def test_a_season_widens_the_window(tmp_path: Path) -> None:
    own = sales(tmp_path / "sales.csv", 2000)
    wide = own_recipe("forecast")
    target = wide.target.model_copy(update={"period": 60})
    data = sequence_data(wide.model_copy(update={"target": target}), Origin(tmp_path, own))
    assert data.window == 67


@pytest.mark.parametrize(
    ("own", "rows", "message"),
    [
        ({}, 90, "sales has 90 steps; a window of 28 and a horizon of 7 need 1"),
        ({"value_columns": ()}, 400, "say which column of .* is to be forecast: --value-column"),
        ({"value_columns": ("price",)}, 400, 'no column "price"'),
    ],
)
def test_a_series_that_cannot_be_forecast(
    tmp_path: Path, own: dict[str, Any], rows: int, message: str
) -> None:
    data = OwnData(**{**vars(sales(tmp_path / "sales.csv", rows)), **own})
    with pytest.raises(DataError, match=message):
        sequence_data(own_recipe("forecast"), Origin(tmp_path, data))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([5.0] * 400, '"sold" is 5 throughout the part for training; leave it out'),
        (
            [1e9 + i % 7 for i in range(400)],
            '"sold" varies by 2 about 1e.09, which float32 hardly tells apart',
        ),
    ],
)
def test_columns_that_tell_nothing(tmp_path: Path, values: list[float], message: str) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("sold\n" + "\n".join(map(str, values)) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=message):
        sequence_data(
            own_recipe("forecast"), Origin(tmp_path, OwnData(path, value_columns=["sold"]))
        )


def test_a_diary_of_ones_own_is_cut_by_time(tmp_path: Path) -> None:
    path = tmp_path / "diary.csv"
    rows = [f"{('a', 'b')[i % 2]},{('x', 'y', 'z')[i % 3]}" for i in range(1000)]
    path.write_text("\n".join(["before,label", *rows]) + "\n", encoding="utf-8")
    own = OwnData(path, input_columns=["before"])
    data = sequence_data(own_recipe("dinner"), Origin(tmp_path, own))
    assert isinstance(data, LabelData)
    assert (data.labels, data.window) == (("x", "y", "z"), 28)
    # Learnt from in pieces, the first of which is shorter; judged at each later step.
    assert sorted(data.train.lengths.tolist()) == [800 % 28, *[28] * 28]
    assert data.train.lengths.sum() == 800
    labels = [data.labels.index(row[-1]) for row in rows]
    assert data.validation.last.tolist() == labels[800:900]
    assert data.test.last.tolist() == labels[900:]
    assert set(data.validation.lengths.tolist() + data.test.lengths.tolist()) == {28}
    assert (data.test.sequences[0][:-1] == data.validation.sequences[-1][1:]).all()
    assert data.fitted.last.tolist() == labels[:800]
    assert len(data.examples) == 3
    path.write_text("\n".join(["before,label", *rows[:99]]) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match="one sequence of 99 steps; a window of 28 needs 100: read"):
        sequence_data(own_recipe("dinner"), Origin(tmp_path, own))
    with pytest.raises(DataError, match=r"say which columns of .* are read: --input-column NAME"):
        sequence_data(own_recipe("dinner"), Origin(tmp_path, OwnData(path)))


def test_labelled_sequences_are_held_out_whole(tmp_path: Path) -> None:
    path = tmp_path / "motions.csv"
    rows = [f"{i},{i % 5 + step},{('up', 'down')[i % 2]}" for i in range(60) for step in range(4)]
    path.write_text("\n".join(["id,x,label", *rows]) + "\n", encoding="utf-8")
    own = OwnData(path, input_columns=["x"], sequence_column="id")
    data = sequence_data(own_recipe("weather-season"), Origin(tmp_path, own))
    assert isinstance(data, LabelData)
    assert data.labels == ("down", "up")
    sizes = [len(part.sequences) for part in (data.train, data.validation, data.test)]
    assert sum(sizes) == 60
    assert sizes[0] > 40
    few = OwnData(path, input_columns=["x"])
    with pytest.raises(DataError, match="a sequence has one label"):
        sequence_data(own_recipe("weather-season"), Origin(tmp_path, few))


def test_diaries_of_several_are_judged_at_every_step(tmp_path: Path) -> None:
    path = tmp_path / "diaries.csv"
    rows = [f"{i},{(i + day) % 5},{'xy'[(i + day) % 2]}" for i in range(40) for day in range(9)]
    path.write_text("\n".join(["id,mood,label", *rows]) + "\n", encoding="utf-8")
    own = OwnData(path, input_columns=["mood"], sequence_column="id")
    found = own_recipe("dinner").model_copy(update={"window": 4, "shortest": 2})
    data = sequence_data(found, Origin(tmp_path, own))
    assert isinstance(data, LabelData)
    assert data.train.lengths.sum() % 9 == 0
    diaries = 40 - int(data.train.lengths.sum()) // 9
    assert len(data.validation.sequences) + len(data.test.sequences) == 8 * diaries
    assert data.test.lengths[:8].tolist() == [2, 3, 4, 4, 4, 4, 4, 4]


def test_a_file_is_measured_as_the_recipe_says(tmp_path: Path) -> None:
    """Also by a model that knows its season, without times; and each day of a diary."""
    own = sales(tmp_path / "sales.csv", 400)
    asked = own_recipe("forecast")
    asked = asked.model_copy(update={"target": asked.target.model_copy(update={"period": 60})})
    learnt = sequence_data(asked, Origin(tmp_path, own))
    reading = Reading.of_data(learnt, asked)
    without_times = OwnData(own.file)
    measured = measured_data(reading, without_times)
    assert isinstance(measured, ForecastData)
    assert measured.period == 60
    early = measured_data(replace(reading, window=20), without_times)
    assert isinstance(early, ForecastData)
    (values, *_, latest) = naive_forecasts(early)["seasonal naive"](early.test)[..., 0]
    series = early.test.values[:, 0]
    assert values.tolist() == [series[19]] * 7  # no season is known yet
    assert latest.tolist() == series[393 - 60 : 400 - 60].tolist()
    by_week = measured_data(
        replace(reading, period=None), replace(without_times, time_column="day")
    )
    assert isinstance(by_week, ForecastData)
    assert by_week.period == 7
    with pytest.raises(DataError, match="sales has 50 steps; the window of 67 and the horizon"):
        measured_data(reading, sales(tmp_path / "sales.csv", 50))

    path = tmp_path / "diary.csv"
    rows = [f"{('a', 'b')[i % 2]},{('x', 'y', 'z')[i % 3]}" for i in range(200)]
    path.write_text("\n".join(["before,label", *rows]) + "\n", encoding="utf-8")
    diary = OwnData(path, input_columns=["before"])
    dinner = own_recipe("dinner")
    data = measured_data(
        Reading.of_data(sequence_data(dinner, Origin(tmp_path, diary)), dinner), diary
    )
    assert isinstance(data, LabelData)
    assert len(data.test.sequences) == 200


def test_a_column_of_labels_before_holds_them(tmp_path: Path) -> None:
    path = tmp_path / "diary.csv"
    rows = [f"{'xyz'[i % 3]},{i % 9},{'xyz'[(i + 1) % 3]}" for i in range(200)]
    path.write_text("\n".join(["before,count,label", *rows]) + "\n", encoding="utf-8")
    own = OwnData(path, input_columns=["before", "count"])
    found = own_recipe("dinner")

    def with_previous(column: str) -> SequenceRecipe:
        return found.model_copy(
            update={"target": found.target.model_copy(update={"previous": column})}
        )

    data = sequence_data(with_previous("before"), Origin(tmp_path, own))
    assert isinstance(data, LabelData)
    for column, problem in (("count", "has the values of numbers"), ("mood", "is not read")):
        with pytest.raises(DataError, match=f'target.previous: "{column}" {problem}; expected'):
            sequence_data(with_previous(column), Origin(tmp_path, own))


def test_no_network_reads_what_it_is_to_predict() -> None:
    with pytest.raises(RecipeError, match="would read what it is to predict"):
        recipe("dinner", network__bidirectional=True)
    with pytest.raises(RecipeError, match="shortest is longer than window"):
        recipe("forecast", shortest=30)
    assert recipe("weather-season").network.bidirectional
