"""Puts words into lines, as a paragraph flows. Pure: widths in, places out."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Box:
    """What takes a place in a line. joined: nothing stands in the text between it and the last."""

    width: float
    joined: bool


@dataclass(frozen=True)
class Place:
    """Where the box of that number begins in its line."""

    number: int
    x: float


def flow(boxes: Sequence[Box], room: float, gap: float, hair: float) -> list[list[Place]]:
    """The lines, each at most `room` wide; a box alone may be wider.

    gap: between words; hair: between what is joined, which is parted only where a line is too short
    for all of it.
    """
    lines: list[list[Place]] = []
    x = 0.0
    for numbers in _groups(boxes):
        whole = sum(boxes[n].width for n in numbers) + hair * (len(numbers) - 1)
        for n in numbers:
            needed = whole if n == numbers[0] and whole <= room else boxes[n].width
            if not lines or (x > 0 and x + needed > room):
                lines.append([])
                x = 0.0
            lines[-1].append(Place(n, x))
            x += boxes[n].width + hair
        x += gap - hair
    return lines


def _groups(boxes: Sequence[Box]) -> list[list[int]]:
    """The numbers of boxes, those together that are joined."""
    groups: list[list[int]] = []
    for number, box in enumerate(boxes):
        if box.joined and groups:
            groups[-1].append(number)
        else:
            groups.append([number])
    return groups
