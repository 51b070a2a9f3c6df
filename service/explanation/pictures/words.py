"""Draws what each word adds to a logit: tinted words with a signed number below each.

A word that speaks for the label has a solid line below it, one that speaks against it a dashed one,
so that the picture can be read without its colours.
"""

from service.explanation.classification import Explanation, Word
from service.explanation.pictures.drawing import (
    AGAINST,
    FOR,
    MARGIN,
    MUTED,
    ROOM,
    WIDTH,
    Drawing,
    Picture,
)
from service.explanation.pictures.flow import Box, flow
from service.explanation.pictures.lettering import typeface
from service.explanation.pictures.numbers import plain, signed

_SIZE = 20  # pixels of a word's letters
_SMALL = 12  # of all others
_PADDING = 5
_GAP = 8  # between words
_HAIR = 2  # between a word and its comma
_TOP = 104  # where the first line of words begins
_LINE = 62  # from one to the next
_STRONGEST = 0.42  # opacity of the tint: letters on it stay readable
_SHARES = (-1.0, -0.6, -0.25, 0.0, 0.25, 0.6, 1.0)  # of the legend
_STEP = 24  # from one of them to the next
_NAMED = 5  # words that the description names


def draw_words(explanation: Explanation) -> Picture:
    """The words of a text in lines, and the sum that they and the bias add up to.

    Raises LimitExceeded for a text whose picture would be too large.
    """
    label, words = explanation.label, explanation.tokens
    largest = max(*(abs(word.contribution) for word in words), 1e-9)
    drawing = Drawing(f"What each word adds to the answer {label}", _described(words))
    answer = typeface().shortened(_answer(explanation), _SIZE, ROOM)
    drawing.text(MARGIN, MARGIN + _SIZE, answer, _SIZE)
    _draw_legend(drawing, label, 64)
    boxes = [
        Box(_width(word), i > 0 and words[i - 1].end == word.start) for i, word in enumerate(words)
    ]
    lines = flow(boxes, ROOM, _GAP, _HAIR)
    for row, line in enumerate(lines):
        for place in line:
            word, width = words[place.number], boxes[place.number].width
            share = word.contribution / largest
            _draw_word(drawing, word, share, MARGIN + place.x, _TOP + row * _LINE, width)
    end = _TOP + len(lines) * _LINE
    _draw_sum(drawing, explanation, end + _SMALL)
    return drawing.picture(WIDTH, end + MARGIN + _SMALL)


def _draw_word(
    drawing: Drawing, word: Word, share: float, x: float, y: float, width: float
) -> None:
    """share: of the largest contribution, -1 to 1."""
    shown = typeface().shortened(word.text, _SIZE, width - 2 * _PADDING)
    _draw_tint(drawing, share, (x, y, width, 32), y + 35)
    center = x + width / 2
    drawing.text(center, y + 22, shown, _SIZE, anchor="middle", fitted=True)
    drawing.text(center, y + 51, signed(word.contribution), _SMALL, anchor="middle", fill=MUTED)


def _draw_tint(
    drawing: Drawing, share: float, box: tuple[float, float, float, float], line: float
) -> None:
    """A box whose tint, and a line at that height whose strength, say how much it is."""
    x, _, width, _ = box
    colour = AGAINST if share < 0 else FOR
    drawing.rect(*box, fill=colour, rx=4, fill_opacity=_STRONGEST * abs(share))
    dashes = {"stroke_dasharray": "4 3"} if share < 0 else {}
    strength = 0.5 + 3.5 * abs(share)
    drawing.line(x + 2, line, width - 4, stroke=colour, stroke_width=strength, **dashes)


def _draw_legend(drawing: Drawing, label: str, y: float) -> None:
    room = (ROOM - _STEP * len(_SHARES)) / 2 - 2 * _GAP
    against = typeface().shortened(f"− against {label}", _SMALL, room)
    supports = typeface().shortened(f"for {label} +", _SMALL, room)
    drawing.text(MARGIN, y + 12, against, _SMALL, fill=MUTED, fitted=True)
    start = MARGIN + typeface().width(against, _SMALL) + _GAP
    for i, share in enumerate(_SHARES):
        x = start + i * _STEP
        _draw_tint(drawing, share, (x + 1, y, _STEP - 2, 14), y + 18)
    end = start + _STEP * len(_SHARES) + _GAP
    drawing.text(end, y + 12, supports, _SMALL, fill=MUTED)


def _draw_sum(drawing: Drawing, explanation: Explanation, y: float) -> None:
    total = sum(word.contribution for word in explanation.tokens)
    kind = "log-odds" if explanation.against is not None else "logit"
    whole = (
        f"words {signed(total)}, bias {signed(explanation.bias)}: together "
        f"{signed(explanation.logit)}, the {kind} of {explanation.label}"
    )
    drawing.text(MARGIN, y, typeface().shortened(whole, _SMALL, ROOM), _SMALL, fill=MUTED)


def _answer(explanation: Explanation) -> str:
    against = f" against {explanation.against}" if explanation.against is not None else ""
    return f"{explanation.label}{against}: {plain(explanation.score)}"


def _described(words: list[Word]) -> str:
    strongest = sorted(words, key=lambda word: -abs(word.contribution))[:_NAMED]
    named = ", ".join(f"{word.text} {signed(word.contribution)}" for word in strongest)
    return (
        "Words that speak for it are blue with a solid line, words against it orange with a "
        f"dashed one. The strongest: {named}."
    )


def _width(word: Word) -> float:
    number = typeface().width(signed(word.contribution), _SMALL)
    own = max(typeface().width(word.text, _SIZE), number) + 2 * _PADDING
    return min(own, ROOM)
