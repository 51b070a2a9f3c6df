"""Scores as tables: every figure in its row and column, and means over the sets."""

from training.evaluation import Measured
from training.tables import comparison_table, markdown_table, score_table


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


def test_scores_of_several_models_beside_each_other() -> None:
    columns = {
        "a": scores("long", 2000, 92.81, 89.0, 1.5),
        "b": [*scores("long", 2000, 92.51, 89.5, 0.83), Measured("short", "BLEU", 30.0, 10)],
        "c": [*scores("long", 1000, 1.0, 2.0, 3.0), *scores("long", 2000, 92.42, 89.1, 2.0)],
    }
    lines = comparison_table(columns, spread=True).splitlines()
    assert lines == [
        "| test set | rows | score | a | b | c | mean | spread |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        "| long | 2,000 | accuracy | 92.81 | 92.51 | 92.42 | 92.58 | 0.39 |",
        "| long | 2,000 | macro F1 | 89 | 89.5 | 89.1 | 89.2 | 0.5 |",
        "| long | 2,000 | calibration error | 1.5 | 0.83 | 2 | 1.443 | 1.17 |",
        "| short | 10 | BLEU |  | 30 |  |  |  |",
        "| long | 1,000 | accuracy |  |  | 1 |  |  |",
        "| long | 1,000 | macro F1 |  |  | 2 |  |  |",
        "| long | 1,000 | calibration error |  |  | 3 |  |  |",
    ]
    bare = comparison_table(columns).splitlines()
    assert bare[0] == "| test set | rows | score | a | b | c |"
    assert bare[2] == "| long | 2,000 | accuracy | 92.81 | 92.51 | 92.42 |"


def test_a_bar_in_a_cell_ends_no_column() -> None:
    assert markdown_table(["a"], [["x|y"]]).splitlines()[-1] == r"| x\|y |"
