"""Numbers and tables as Markdown. Pure; knows nothing about what they mean."""

from collections.abc import Sequence

MISSING = "–"


def number(value: float | None, digits: int = 3) -> str:
    """A number with so many significant digits and thousands set apart; a dash for None."""
    if value is None:
        return MISSING
    if value == 0:
        return "0"
    whole = len(str(int(abs(value)))) if abs(value) >= 1 else 0
    if whole >= digits:
        return f"{round(value):,}"
    places = digits - whole
    small = abs(value)
    while small and small < 0.1 and places < 8:  # zeros behind the point are no digits
        small *= 10
        places += 1
    return f"{value:.{places}f}"


def values_with_range(values: Sequence[float], digits: int = 3) -> str:
    """The median, and in brackets the least and the largest where there are several."""
    if not values:
        return MISSING
    ordered = sorted(values)
    middle = len(ordered) // 2
    median = ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
    text = number(median, digits)
    if len(ordered) == 1:
        return text
    return f"{text} ({number(ordered[0], digits)}–{number(ordered[-1], digits)})"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; columns of numbers are set to the right.

    Raises ValueError for a row of another length than the header.
    """
    for row in rows:
        if len(row) != len(header):
            raise ValueError(f"a row of {len(row)} cells under {len(header)} headings: {row}")
    columns = [[row[place] for row in rows] for place in range(len(header))]
    ruler = ["---:" if _numeric(cells) else "---" for cells in columns]
    lines = [header, ruler, *rows]
    return "".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |\n" for line in lines)


def _numeric(cells: Sequence[str]) -> bool:
    return all(cell == MISSING or cell[:1].isdecimal() for cell in cells) and any(cells)
