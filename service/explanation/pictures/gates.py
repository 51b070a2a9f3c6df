"""Draws the gates of an LSTM: below each token that it reads, how far each gate stood open.

The tokens flow in lines like a text. Below a line stand, for every layer and direction and every
unit that was asked for, three rows of cells: the input, the forget and the output gate.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from service.explanation.classification import DirectionGates, Explanation, Step, UnitGates
from service.explanation.pictures.cells import Cell, draw_cells, draw_legend, draw_number
from service.explanation.pictures.drawing import MARGIN, MUTED, ROOM, WIDTH, Drawing, Picture
from service.explanation.pictures.flow import Box, Place, flow
from service.explanation.pictures.lettering import typeface

_SIZE = 15  # pixels of a token's letters
_SMALL = 11  # of a number's and a name's
_PADDING = 3
_NARROWEST = 34  # pixels of a token, for the numbers below
_LABELS = 56  # pixels of the gates' names
_GAP = 6  # between words
_HAIR = 1  # between the tokens of a word
_ROW = 19  # from one gate to the next
_CAPTION = 16  # above three gates
_TOKENS = 24  # height of the tokens
_TOP = 72  # where the first line begins
_BETWEEN = 22  # two lines


@dataclass(frozen=True)
class _Group:
    """The three gates of a direction, or of one of its units, at every step."""

    caption: str
    rows: tuple[tuple[str, list[float]], ...]  # names and values


def draw_gates(explanation: Explanation) -> Picture:
    """The gates of an explanation that has them.

    Raises LimitExceeded for a text whose picture would be too large.
    """
    assert explanation.steps is not None and explanation.gates is not None
    steps, groups = explanation.steps, _groups(explanation.gates)
    drawing = Drawing(
        "How far each gate of the LSTM stood open at each token",
        f"{len(steps):,} tokens; for each the input, the forget and the output gate of "
        f"{', '.join(group.caption for group in groups)}. The darker a cell, the more open.",
    )
    draw_legend(drawing, MARGIN, "open")
    boxes = [Box(_width(step), _joined(steps, i)) for i, step in enumerate(steps)]
    y = float(_TOP)
    for line in flow(boxes, ROOM - _LABELS, _GAP, _HAIR):
        _draw_tokens(drawing, steps, boxes, line, y)
        y += _TOKENS
        for group in groups:
            _draw_group(drawing, group, boxes, line, y)
            y += _CAPTION + _ROW * len(group.rows)
        y += _BETWEEN
    return drawing.picture(WIDTH, y - _BETWEEN + MARGIN)


def _draw_tokens(
    drawing: Drawing, steps: Sequence[Step], boxes: Sequence[Box], line: Sequence[Place], y: float
) -> None:
    for place in line:
        width = boxes[place.number].width
        shown = typeface().shortened(steps[place.number].text, _SIZE, width - 2 * _PADDING)
        center = MARGIN + _LABELS + place.x + width / 2
        drawing.text(center, y + _SIZE, shown, _SIZE, anchor="middle", fitted=True)


def _draw_group(
    drawing: Drawing, group: _Group, boxes: Sequence[Box], line: Sequence[Place], y: float
) -> None:
    drawing.text(MARGIN, y + _SMALL, group.caption, _SMALL, fill=MUTED)
    for row, (name, values) in enumerate(group.rows):
        top = y + _CAPTION + row * _ROW
        drawing.text(MARGIN, top + 13, name, _SMALL)
        cells = [
            Cell(
                MARGIN + _LABELS + place.x,
                top,
                boxes[place.number].width,
                _ROW,
                values[place.number],
            )
            for place in line
        ]
        draw_cells(drawing, cells)
        for cell in cells:
            draw_number(drawing, cell, _SMALL)


def _groups(gates: Sequence[DirectionGates]) -> list[_Group]:
    layers = max(direction.layer for direction in gates)
    groups = []
    for direction in gates:
        name = f"layer {direction.layer}, " * (layers > 1) + direction.direction
        groups.append(_Group(f"{name}, mean over its units", _rows(direction)))
        groups += [_Group(f"{name}, unit {unit.unit}", _rows(unit)) for unit in direction.units]
    return groups


def _rows(gates: DirectionGates | UnitGates) -> tuple[tuple[str, list[float]], ...]:
    return ("input", gates.input), ("forget", gates.forget), ("output", gates.output)


def _joined(steps: Sequence[Step], i: int) -> bool:
    return i > 0 and steps[i - 1].end == steps[i].start


def _width(step: Step) -> float:
    own = typeface().width(step.text, _SIZE) + 2 * _PADDING
    return min(max(own, _NARROWEST), ROOM - _LABELS)
