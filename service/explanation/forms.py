"""The forms that an explanation can be had in: its numbers as JSON, or a picture of them.

Pictures are imported when the first one is asked for.
"""

from collections.abc import Callable

from pydantic_core import to_json

from service.explanation import classification, translation

JSON = "application/json"
SVG = "image/svg+xml"
PNG = "image/png"
FORMS = (JSON, SVG, PNG)  # the first is the default

Explanation = classification.Explanation | translation.Explanation


def written(explanation: Explanation, form: str, over: Callable[[], bool]) -> bytes:
    """The explanation in one of FORMS.

    Of a label with gates the picture is one of the gates, else of the words. over: whether nobody
    wants it any more, asked from time to time where it takes long. Raises LimitExceeded for a
    picture that would be too large, and `pictures.png.Unpaintable`.
    """
    if form == JSON:
        # What was not asked for is left out.
        parts = {name: part for name, part in vars(explanation).items() if part is not None}
        return to_json(parts)
    from service.explanation.pictures.drawn import drawn

    picture = drawn(explanation)
    if form == SVG:
        return picture.svg.encode("utf-8")
    from service.explanation.pictures.png import paint

    return paint(picture, over)
