"""How wide texts are in the typeface of the pictures, DejaVu Sans, whose file lies beside this.

Reads what OpenType calls `head`, `hhea`, `hmtx` and `cmap`, and no more of the file. Viewers who
have another typeface are told the width that a text must fill, so that what is measured holds.
"""

import struct
import unicodedata
from array import array
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path

FILE = Path(__file__).with_name("DejaVuSans.ttf")
# Who does not have it may have Verdana, which is drawn to nearly the same widths.
FAMILIES = "DejaVu Sans, Verdana, Noto Sans, sans-serif"

_FULL_UNICODE = (3, 10)  # platform and encoding of the table that has all characters
_WIDE, _NARROW = 1.0, 0.6  # ems of a character that only another typeface has


@dataclass(frozen=True)
class Typeface:
    """The advance of every character that it has, in ems."""

    advances: dict[str, float]

    def width(self, text: str, size: float) -> float:
        """Pixels of a text in letters of that size, set in one line."""
        return size * sum(map(self._advance, text))

    def covers(self, text: str) -> bool:
        """Whether it has all characters that are seen."""
        return all(character in self.advances or not _is_seen(character) for character in text)

    def shortened(self, text: str, size: float, room: float) -> str:
        """The text, or as much of it as fits into that many pixels with an ellipsis."""
        if self.width(text, size) <= room:
            return text
        left = room - self.width("…", size)
        widths = accumulate(size * self._advance(character) for character in text)
        count = sum(1 for width in widths if width <= left)
        return f"{text[: max(count, 1)]}…"

    def _advance(self, character: str) -> float:
        known = self.advances.get(character)
        if known is not None:
            return known
        if not _is_seen(character) or unicodedata.combining(character):
            return 0.0
        return _WIDE if unicodedata.east_asian_width(character) in "WF" else _NARROW


@cache
def typeface() -> Typeface:
    """The typeface, read once."""
    content = FILE.read_bytes()
    tables = _tables(content)
    (units,) = struct.unpack_from(">H", content, tables["head"] + 18)
    (count,) = struct.unpack_from(">H", content, tables["hhea"] + 34)
    # One (advance, bearing) for each glyph; those behind the last one are as wide as it.
    metrics = struct.unpack_from(f">{2 * count}H", content, tables["hmtx"])[::2]
    return Typeface(
        {
            chr(code): metrics[min(glyph, count - 1)] / units
            for code, glyph in _glyphs(content, tables["cmap"]).items()
        }
    )


def is_plain(text: str) -> bool:
    """Whether a text is as wide as its characters together: none joins with the next, or turns."""
    return not any(
        unicodedata.bidirectional(character) in ("R", "AL")
        or unicodedata.category(character) in ("Mn", "Mc", "Me", "Cf")
        for character in text
    )


def _is_seen(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cf", "Mn", "Me")


def _tables(content: bytes) -> dict[str, int]:
    """Where each table begins."""
    (count,) = struct.unpack_from(">H", content, 4)
    records = (struct.unpack_from(">4s4xI", content, 12 + 16 * i) for i in range(count))
    return {tag.decode("ascii"): offset for tag, offset in records}


def _glyphs(content: bytes, table: int) -> dict[int, int]:
    """Characters to glyphs, from a table of format 12: groups of (first, last, first glyph)."""
    (count,) = struct.unpack_from(">H", content, table + 2)
    for i in range(count):
        platform, encoding, offset = struct.unpack_from(">HHI", content, table + 4 + 8 * i)
        if (platform, encoding) == _FULL_UNICODE:
            start = table + offset
            break
    else:
        raise ValueError(f"{FILE.name} has no table of all characters")
    (groups,) = struct.unpack_from(">I", content, start + 12)
    numbers = array("I", struct.unpack_from(f">{3 * groups}I", content, start + 16))
    glyphs: dict[int, int] = {}
    for first, last, glyph in zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True):
        glyphs.update(
            zip(range(first, last + 1), range(glyph, glyph + last - first + 1), strict=True)
        )
    return glyphs
