"""Scores as tables: every figure in its row and column, and means over the sets."""

from training.evaluation import Measured
from training.tables import markdown_table, score_table


def scores(name: str, rows: int, *values: float) -> list[Measured]:
    metrics = ("accuracy", "macro F1", "calibration error")
    return [
        Measured(name, metric, value, rows) for metric, value in zip(metrics, values, strict=True)
    ]


def test_a_row_for_each_set_and_one_for_the_mean() -> None:
    columns = {
        "one": [*scores("long", 2000, 90.0, 89.0, 1.0), *scores("short", 10, 80.0, 79.5, 2.0)],
        "two": [*scores("short", 10, 70.0, 69.0, 4.0), *scores("long", 2000, 60.0, 59.0, 5.5)],
    }
    assert score_table(columns).splitlines() == [
        "| test set | rows | one | two |",
        "| --- | --- | --- | --- |",
        "| long | 2,000 | 90.00 / 89.00 / 1.00 | 60.00 / 59.00 / 5.50 |",
        "| short | 10 | 80.00 / 79.50 / 2.00 | 70.00 / 69.00 / 4.00 |",
        "| mean |  | 85.00 / 84.25 / 1.50 | 65.00 / 64.00 / 4.75 |",
    ]


def test_the_mean_of_one_set_is_not_repeated() -> None:
    assert "mean" not in score_table({"one": scores("only", 3, 1.0, 2.0, 3.0)})


def test_a_bar_in_a_cell_ends_no_column() -> None:
    assert markdown_table(["a"], [["x|y"]]).splitlines()[-1] == r"| x\|y |"
