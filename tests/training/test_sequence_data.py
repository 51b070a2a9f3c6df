"""What a sequence recipe reads: statistics of the training part alone, and no look ahead."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from service.artifact import CategoryColumn, NumberColumn
from training.corpora import OwnData
from training.data.errors import DataError
from training.origin import Origin
from training.recipe import RecipeError, SequenceRecipe, read_recipe
from training.sequence_data import ForecastData, LabelData, sequence_data


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
    sizes = [len(part.sequences) for part in (data.train, data.validation, data.test)]
    assert sizes == [28, 4, 3]
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


def test_no_network_reads_what_it_is_to_predict() -> None:
    with pytest.raises(RecipeError, match="would read what it is to predict"):
        recipe("dinner", network__bidirectional=True)
    with pytest.raises(RecipeError, match="shortest is longer than window"):
        recipe("forecast", shortest=30)
    assert recipe("weather-season").network.bidirectional
