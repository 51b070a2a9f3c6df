"""Explanations of any size, made by hand, and what a reader finds in a picture of one."""

from xml.etree import ElementTree

from service.explanation import classification, translation
from service.explanation.classification import DirectionGates, Step, UnitGates, Word
from service.explanation.pictures.drawing import Picture
from service.explanation.translation import Block, TextToken

SVG = "{http://www.w3.org/2000/svg}"
# Scripts, joined letters, symbols, what XML gives a meaning, and what it cannot hold.
WORDS = (
    "<b>&amp;\"'",
    "straße",
    "ÄÖÜ",
    "😀👍🏽",
    "北京",
    "שלום",
    "مرحبا",
    "हिन्दी",
    "e\u0301",
    "a\x00\x1b\ufffe",
    "\ud800",
    "line\nbreak",
    "x" * 400,
    "<script>alert(1)</script>",
)


def label_explanation(
    texts: tuple[str, ...] | list[str],
    *,
    against: str | None = "negative",
    units: tuple[int, ...] = (),
    gates: bool = False,
    layers: int = 1,
) -> classification.Explanation:
    """Words with spaces between them, whose contributions are +0.5, -0.25, 0 and so on."""
    words, end = [], 0
    for i, text in enumerate(texts):
        words.append(Word(text, end, end + len(text), (0.5, -0.25, 0.0)[i % 3]))
        end += len(text) + 1
    total = sum(word.contribution for word in words)
    steps = [Step(word.text, word.start, word.end) for word in words]
    return classification.Explanation(
        label="positive",
        against=against,
        score=0.75,
        tokens=words,
        bias=-0.125,
        logit=total - 0.125,
        steps=steps if gates else None,
        gates=[
            _direction(layer, name, len(steps), units)
            for layer in range(1, layers + 1)
            for name in ("forward", "backward")
        ]
        if gates
        else None,
    )


def _direction(layer: int, name: str, steps: int, units: tuple[int, ...]) -> DirectionGates:
    values = [0.25] * steps, [0.8] * steps, [1.0] * steps
    return DirectionGates(layer, name, *values, [UnitGates(unit, *values) for unit in units])


def translation_explanation(*sizes: tuple[int, int]) -> translation.Explanation:
    """Sentences of so many source tokens (with the end) and target tokens, read one by one."""
    return translation.Explanation(
        " ".join(f"w{i}" for _, target in sizes for i in range(target)),
        [
            Block(
                [*(TextToken(f"r{i}", i, i + 1) for i in range(source - 1)), TextToken("", 0, 0)],
                [TextToken(f"w{i}", i, i + 1) for i in range(target)],
                [[float(i % source == j) for j in range(source)] for i in range(target)],
            )
            for source, target in sizes
        ],
    )


def texts_of(picture: Picture) -> list[str]:
    """All that is written in a picture, in order."""
    root = ElementTree.fromstring(picture.svg.encode("utf-8"))
    return [element.text or "" for element in root.iter(f"{SVG}text")]
