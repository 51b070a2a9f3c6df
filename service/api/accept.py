"""Which of the forms that a route answers in a client wants most (RFC 9110, section 12.5.1).

Knows nothing about what is answered.
"""

import re
from collections.abc import Sequence

_ANY = "*/*"
_WEIGHT = re.compile(r"[01](\.\d{0,3})?")


def preferred(accept: str, offered: Sequence[str]) -> str | None:
    """The media type of those offered that a client prefers; None where it takes none of them.

    accept: its header, where "" stands for none, which is the same as anything. Of what a client
    likes equally well, what is offered first. What cannot be read of a header counts for nothing.
    """
    if not accept.strip():
        return offered[0]
    ranges = [found for part in accept.split(",") if (found := _media_range(part))]
    weights = [_weight(media_type, ranges) for media_type in offered]
    best = max(weights)
    return offered[weights.index(best)] if best > 0 else None


def _media_range(part: str) -> tuple[str, float] | None:
    """A range and its weight. Other parameters, such as a charset, are not looked at."""
    media_range, *parameters = (piece.strip().lower() for piece in part.split(";"))
    if media_range.count("/") != 1:
        return None
    weight = next((p[2:].strip() for p in parameters if p.startswith("q=")), "1")
    if not _WEIGHT.fullmatch(weight):
        return None
    return media_range, min(float(weight), 1.0)


def _weight(media_type: str, ranges: Sequence[tuple[str, float]]) -> float:
    """What the most specific range that fits says of a media type."""
    for wanted in (media_type, f"{media_type.partition('/')[0]}/*", _ANY):
        fitting = [weight for media_range, weight in ranges if media_range == wanted]
        if fitting:
            return max(fitting)
    return 0.0
