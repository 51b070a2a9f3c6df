"""An SVG that grows shape by shape. Knows the colours, and nothing about what is drawn.

All looks are attributes of the shapes: a policy that forbids styles, and whatever paints SVG
without a browser, have nothing to object to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape

from service.errors import LimitExceeded
from service.explanation.pictures.lettering import FAMILIES, is_plain, typeface

WIDTH = 720  # pixels of a picture, unless it needs more
MARGIN = 24
ROOM = WIDTH - 2 * MARGIN

PAPER = "#fffefb"
INK = "#1d2023"
MUTED = "#5a6067"
FILL = "#1d5c8c"  # of a cell; the stronger, the more
# Blue and orange, which all eyes tell apart; solid and dashed lines say the same without colour.
FOR = "#2a74b8"
AGAINST = "#c0561c"

_LARGEST = 16_384  # pixels of a side
_MOST_SHAPES = 30_000  # which are about 3 MB, and seconds to paint
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

Value = str | float


@dataclass(frozen=True)
class Picture:
    """An SVG file, its size in pixels, and the characters that are written in it."""

    svg: str
    width: float
    height: float
    characters: frozenset[str]


class Drawing:
    """Shapes in the order in which they lie upon each other. Raises LimitExceeded for too many."""

    def __init__(self, title: str, description: str) -> None:
        """For those who hear the picture: title, what it is; description: what it shows."""
        self._title = title
        self._description = description
        self._shapes: list[str] = []
        self._characters: set[str] = set()

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        *,
        fill: str = INK,
        anchor: str = "start",
        fitted: bool = False,
        **more: Value,
    ) -> None:
        """A line of text on the baseline y. fitted: it is made as wide as it was measured."""
        shown = _clean(text)
        attributes: dict[str, Value] = {"x": x, "y": y, "font-size": size, "fill": fill}
        if anchor != "start":
            attributes["text-anchor"] = anchor
        if fitted and is_plain(shown) and (width := typeface().width(shown, size)) > 0:
            attributes |= {"textLength": width, "lengthAdjust": "spacingAndGlyphs"}
        self._characters.update(shown)
        self._add(f"<text{_written(attributes | _dashed(more))}>{escape(shown)}</text>")

    def rect(
        self, x: float, y: float, width: float, height: float, *, fill: str, **more: Value
    ) -> None:
        """A rectangle from its upper left corner."""
        attributes: dict[str, Value]
        attributes = {"x": x, "y": y, "width": width, "height": height, "fill": fill}
        self._add(f"<rect{_written(attributes | _dashed(more))}/>")

    def line(self, x: float, y: float, length: float, *, stroke: str, **more: Value) -> None:
        """A horizontal line."""
        attributes: dict[str, Value]
        attributes = {"x1": x, "y1": y, "x2": x + length, "y2": y, "stroke": stroke}
        self._add(f"<line{_written(attributes | _dashed(more))}/>")

    def path(self, d: str, *, fill: str, **more: Value) -> None:
        """Any outline."""
        self._add(f"<path{_written({'d': d, 'fill': fill} | _dashed(more))}/>")

    def picture(self, width: float, height: float) -> Picture:
        """What was drawn. Raises LimitExceeded for one with a side that is too long."""
        if max(width, height) > _LARGEST:
            raise _too_large(
                f"would be {width:,.0f} by {height:,.0f} pixels; the limit of a side is "
                f"{_LARGEST:,}"
            )
        size = _written({"width": width, "height": height, "viewBox": f"0 0 {width:g} {height:g}"})
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg"{size} role="img" '
            f'aria-labelledby="title description" font-family="{FAMILIES}">'
            f'<title id="title">{escape(_clean(self._title))}</title>'
            f'<desc id="description">{escape(_clean(self._description))}</desc>'
            f'<rect width="{width:g}" height="{height:g}" fill="{PAPER}"/>'
            f"{''.join(self._shapes)}</svg>\n"
        )
        return Picture(svg, width, height, frozenset(self._characters))

    def _add(self, shape: str) -> None:
        if len(self._shapes) == _MOST_SHAPES:
            raise _too_large(f"would have more than {_MOST_SHAPES:,} shapes")
        self._shapes.append(shape)


def _too_large(what: str) -> LimitExceeded:
    return LimitExceeded(
        f"the picture {what}; ask for a picture of a part of the text, or for the numbers as JSON"
    )


def _dashed(more: Mapping[str, Value]) -> dict[str, Value]:
    """Names of Python as SVG writes them, such as fill-opacity."""
    return {name.replace("_", "-"): value for name, value in more.items()}


def _written(attributes: Mapping[str, Value]) -> str:
    """Attributes as XML. Their values are ours: no text of a user is among them."""
    return "".join(f' {name}="{_value(value)}"' for name, value in attributes.items())


def _value(value: Value) -> str:
    return value if isinstance(value, str) else f"{round(value, 2):.8g}"


def _clean(text: str) -> str:
    """Text as XML 1.0 can hold it: white space as spaces, and what it has no place for as �."""
    return "".join(
        " " if character.isspace() else character if _is_allowed(ord(character)) else _REPLACEMENT
        for character in text
    )


def _is_allowed(code: int) -> bool:
    return 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or code >= 0x10000
