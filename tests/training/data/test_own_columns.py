"""A user's steps: what is read, and what is wrong is named by its line."""

from pathlib import Path

import pytest

from training.data.errors import DataError
from training.data.own_columns import read_sequences, read_series


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def series(tmp_path: Path, *rows: str, header: str = "time,sold,sky") -> Path:
    return written(tmp_path / "sales.csv", "\n".join([header, *rows]) + "\n")


def test_numbers_categories_and_missing_cells(tmp_path: Path) -> None:
    path = series(tmp_path, "2024-01-01, 3 ,clear", "2024-01-02,4.5,", "2024-01-03,-1e2,rain")
    found = read_series(path, ["sold"], ["sky"], "time")
    assert found.steps.cells == {"sold": [3.0, 4.5, -100.0], "sky": ["clear", None, "rain"]}
    assert found.period == 7


@pytest.mark.parametrize(
    ("times", "period"),
    [
        (["2024-01-01T00:00", "2024-01-01T01:00", "2024-01-01T02:00"], 24),
        (["2024-01-01T00:00Z", "2024-01-01T00:30Z", "2024-01-01T01:00Z"], 48),
        (["2024-02-28", "2024-02-29", "2024-03-01"], 7),
        (["2024-01-01", "2024-01-08", "2024-01-15"], 52),
        (["2024-01", "2024-02", "2024-03"], 12),
        (["2024-01-31", "2024-02-29", "2024-03-31"], 12),
        (["2024-01-01", "2024-04-01", "2024-07-01"], 4),
        (["2022-01-01", "2023-01-01", "2024-01-01"], 1),
    ],
)
def test_the_season_follows_from_the_times(tmp_path: Path, times: list[str], period: int) -> None:
    path = series(tmp_path, *(f"{time},{i},a" for i, time in enumerate(times)))
    assert read_series(path, ["sold"], time_column="time").period == period


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["2024-01-01,3,a", "2024-01-02,x,a"], 'line 3: "x" in "sold" is no number; write it like'),
        (["2024-01-01,3,a", "2024-01-02,,a"], 'line 3: an empty "sold"; a forecast needs every'),
        (["2024-01-01,3,a", '2024-01-02,"1,5",a'], 'line 3: "1,5" in "sold" is no number'),
        (["2024-01-01,inf,a"], 'line 2: "inf" in "sold" is no number'),
        (["2024-01-01,3,a", "soon,3,a"], 'line 3: "soon" in "time" is no time; write it like'),
        (
            ["2024-01-01,1,a", "2024-01-02,1,a", "2024-01-04,1,a", "2024-01-05,1,a"],
            "line 4: 2024-01-04 comes 2 days, 0:00:00 after 2024-01-02; most rows come 1 day",
        ),
        (["2024-01-03,1,a", "2024-01-02,1,a", "2024-01-01,1,a"], "line 3: .*Sort the rows by time"),
        (["2024-01-01,1,a", "2024-01-01,1,a", "2024-01-01,1,a"], "line 3: .*Sort the rows by time"),
        ([], "has no rows; expected at least one"),
    ],
)
def test_what_is_wrong_is_named_by_its_line(tmp_path: Path, rows: list[str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_series(series(tmp_path, *rows), ["sold"], ["sky"], "time")


def test_a_missing_column_and_too_many_values(tmp_path: Path) -> None:
    path = series(tmp_path, "2024-01-01,3,a")
    with pytest.raises(DataError, match='no column "price"; its columns are time, sold, sky'):
        read_series(path, ["price"])
    many = series(tmp_path, *(f"x,{i},{'?' if i == 150 else i}" for i in range(200)))
    with pytest.raises(DataError, match=r'line 152: "\?" in "sky" is no number'):
        read_series(many, ["sold"], ["sky"])


def test_sequences_are_told_apart(tmp_path: Path) -> None:
    rows = ["1,0.5,up", "2,0.1,down", "1,0.7,up"]
    path = series(tmp_path, *rows, header="id,x,label")
    one, other = read_sequences(path, ["x"], "label", "id", each_step=False)
    assert (one.cells, one.labels) == ({"x": [0.5, 0.7]}, ("up",))
    assert (other.cells, other.labels) == ({"x": [0.1]}, ("down",))
    (diary,) = read_sequences(path, ["x"], "label", None, each_step=True)
    assert diary.labels == ("up", "down", "up")
    with pytest.raises(DataError, match=r'line 3: the label is "down", and where .* "up"; a seq'):
        read_sequences(path, ["x"], "label", None, each_step=False)
    with pytest.raises(DataError, match='line 2: an empty "label"; expected a label'):
        read_sequences(
            series(tmp_path, "1,2,", header="id,x,label"), ["x"], "label", "id", each_step=False
        )
