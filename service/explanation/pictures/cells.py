"""Cells that are filled the more, the larger the number from 0 to 1 that they stand for."""

from collections import defaultdict
from dataclasses import dataclass

from service.explanation.pictures.drawing import FILL, INK, MARGIN, MUTED, PAPER, Drawing
from service.explanation.pictures.numbers import share

_LEVELS = 50  # of opacity: as many as an eye can tell apart, and as many paths at most
_FAINT = 0.05  # opacity of 0, so that an empty cell is seen to be one
_DARK = 0.75  # above it light letters have more contrast than dark ones
_LEGEND = 20  # pixels of a cell of the legend


@dataclass(frozen=True)
class Cell:
    """A rectangle from its upper left corner, and the number it stands for."""

    x: float
    y: float
    width: float
    height: float
    value: float


def draw_cells(drawing: Drawing, cells: list[Cell]) -> None:
    """Draws them: all of one level together, which keeps large pictures small."""
    levels: dict[int, list[Cell]] = defaultdict(list)
    for cell in cells:
        levels[round(min(max(cell.value, 0.0), 1.0) * _LEVELS)].append(cell)
    for level, same in sorted(levels.items()):
        outline = "".join(
            f"M{cell.x + 0.5:g} {cell.y + 0.5:g}h{cell.width - 1:g}v{cell.height - 1:g}"
            f"h{1 - cell.width:g}z"
            for cell in same
        )
        opacity = _FAINT + (1 - _FAINT) * level / _LEVELS
        drawing.path(outline, fill=FILL, fill_opacity=opacity)


def draw_ground(drawing: Drawing, x: float, y: float, width: float, height: float) -> None:
    """The place of many cells that are too small to be seen one by one, all of them 0."""
    drawing.rect(x, y, width, height, fill=FILL, fill_opacity=_FAINT)


def draw_number(drawing: Drawing, cell: Cell, size: float) -> None:
    """The number itself, in its middle."""
    drawing.text(
        cell.x + cell.width / 2,
        cell.y + cell.height / 2 + 0.36 * size,
        share(cell.value),
        size,
        anchor="middle",
        fill=PAPER if cell.value > _DARK else INK,
    )


def draw_legend(drawing: Drawing, y: float, meaning: str) -> None:
    """From 0 to 1; meaning: of what."""
    drawing.text(MARGIN, y + 14, "0", 12, fill=MUTED)
    start = MARGIN + 12
    draw_cells(
        drawing,
        [Cell(start + i * _LEGEND, y, _LEGEND, _LEGEND, i / 4) for i in range(5)],
    )
    drawing.text(start + 5 * _LEGEND + 6, y + 14, f"1 {meaning}", 12, fill=MUTED)
