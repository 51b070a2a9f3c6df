import pytest

from benchmarks.tables import number, table, values_with_range


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0, "0"),
        (12345.6, "12,346"),
        (123.4, "123"),
        (12.34, "12.3"),
        (1.234, "1.23"),
        (0.1234, "0.123"),
        (0.001234, "0.00123"),
        (-4.5, "-4.50"),
    ],
)
def test_numbers_have_three_significant_digits(value: float | None, text: str) -> None:
    assert number(value) == text


def test_several_values_show_their_range() -> None:
    assert values_with_range([]) == "–"
    assert values_with_range([5]) == "5.00"
    assert values_with_range([3, 1, 2]) == "2.00 (1.00–3.00)"
    assert values_with_range([1, 2]) == "1.50 (1.00–2.00)"


def test_columns_of_numbers_are_set_to_the_right() -> None:
    assert table(["a", "b"], [["x", "1"], ["y|z", "–"]]) == (
        "| a | b |\n| --- | ---: |\n| x | 1 |\n| y/z | – |\n"
    )


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="1 cells under 2 headings"):
        table(["a", "b"], [["x"]])
