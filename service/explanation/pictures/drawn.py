"""Which picture belongs to which explanation."""

from service.explanation import classification, translation
from service.explanation.pictures.attention import draw_attention
from service.explanation.pictures.drawing import Picture
from service.explanation.pictures.gates import draw_gates
from service.explanation.pictures.words import draw_words


def drawn(explanation: classification.Explanation | translation.Explanation) -> Picture:
    """The picture of an explanation. Raises LimitExceeded for one that would be too large."""
    if isinstance(explanation, translation.Explanation):
        return draw_attention(explanation)
    return draw_words(explanation) if explanation.gates is None else draw_gates(explanation)
