"""Draws attention: for each sentence a matrix, one row a token written, one column a token read."""

from collections.abc import Sequence

from service.explanation.pictures.cells import (
    Cell,
    draw_cells,
    draw_ground,
    draw_legend,
    draw_number,
)
from service.explanation.pictures.drawing import MARGIN, MUTED, WIDTH, Drawing, Picture
from service.explanation.pictures.lettering import typeface
from service.explanation.translation import Block, Explanation, TextToken

_LARGEST = 34  # pixels of a cell's side
_SMALLEST = 10
_WITH_NUMBERS = 26  # from that side on a cell has room for its number
_WITH_EMPTY = 15  # from that side on an empty cell is drawn
_EMPTY = 0.01
_LEAST_NUMBER = 0.05  # a smaller one is left out
_HEADING = 160  # pixels of a token at most
_SIZE = 13  # pixels of a token's letters
_SMALL = 12
_TOP = 80  # where the first matrix begins
_GAP = 8  # between headings and cells
_END = "end"  # stands for the token by which the encoder knows that no more comes
_SPACE = "␣"  # stands for a token that is no letter


def draw_attention(explanation: Explanation) -> Picture:
    """The matrices of a text's sentences, one below the other.

    Raises LimitExceeded for a text whose picture would be too large.
    """
    count = len(explanation.blocks)
    drawing = Drawing(
        f"What the translation looked at: {explanation.translatedText}",
        "For each sentence a matrix: one row a token written, one column a token read; the "
        "darker a cell, the more attention.",
    )
    draw_legend(drawing, MARGIN, "of a row’s attention; rows are written ↓, columns read →")
    width, y = float(WIDTH), float(_TOP)
    for number, block in enumerate(explanation.blocks, 1):
        if count > 1:
            drawing.text(MARGIN, y, f"Sentence {number} of {count}", _SMALL, fill=MUTED)
            y += _GAP
        right, y = _draw_matrix(drawing, block, y)
        width = max(width, right + MARGIN)
        y += 2 * MARGIN
    return drawing.picture(width, y - MARGIN)


def _draw_matrix(drawing: Drawing, block: Block, y: float) -> tuple[float, float]:
    """Draws one below y, and returns its right and its lower edge."""
    source = [*_texts(block.source[:-1]), _END]
    target = _texts(block.target)
    left = MARGIN + _longest(target)
    side = float(max(min((WIDTH - MARGIN - left - _GAP) // len(source), _LARGEST), _SMALLEST))
    size = min(_SIZE, side - 1)
    top = y + _longest(source)
    for column, token in enumerate(source):
        x = left + _GAP + (column + 0.5) * side + 0.36 * size
        turn = f"rotate(-90 {x:g} {top:g})"
        drawing.text(x, top, _shortened(token), size, transform=turn, fitted=True)
    cells = []
    for row, (token, weights) in enumerate(zip(target, block.attention, strict=True)):
        line = top + _GAP + row * side
        baseline = line + side / 2 + 0.36 * size
        drawing.text(left, baseline, _shortened(token), size, anchor="end", fitted=True)
        cells += [
            Cell(left + _GAP + column * side, line, side, side, weight)
            for column, weight in enumerate(weights)
        ]
    if side < _WITH_EMPTY:
        wide, high = side * len(source), side * len(target)
        draw_ground(drawing, left + _GAP, top + _GAP, wide, high)
        cells = [cell for cell in cells if cell.value >= _EMPTY]
    draw_cells(drawing, cells)
    if side >= _WITH_NUMBERS:
        for cell in cells:
            if cell.value >= _LEAST_NUMBER:
                draw_number(drawing, cell, 11)
    return left + _GAP + side * len(source), top + _GAP + side * len(target)


def _texts(tokens: Sequence[TextToken]) -> list[str]:
    return [token.text or _SPACE for token in tokens]


def _shortened(token: str) -> str:
    return typeface().shortened(token, _SIZE, _HEADING)


def _longest(tokens: Sequence[str]) -> float:
    widths = (typeface().width(_shortened(token), _SIZE) for token in tokens)
    return float(round(max(widths, default=0) + 2))
