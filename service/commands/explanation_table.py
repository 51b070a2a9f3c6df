"""An explanation as lines for a terminal."""

from service.commands.listing import table
from service.explanation import classification, translation
from service.explanation.pictures.numbers import plain, signed

_MOST_READ = 3  # tokens that a written one attended to most
_LEAST_READ = 0.05  # of its attention
_END = "(end)"  # the token by which the encoder knows that no more comes
_NO_LETTER = "␣"


def label_lines(explanation: classification.Explanation) -> list[str]:
    """The label, what each word adds to its logit, and the gates where they were asked for."""
    against = f", against {explanation.against}" if explanation.against is not None else ""
    lines = [f"{explanation.label}{against}: {plain(explanation.score)}", ""]
    words = [(_shown(word.text), signed(word.contribution)) for word in explanation.tokens]
    rest = [("bias", signed(explanation.bias)), ("logit", signed(explanation.logit))]
    lines += table(("word", "adds"), [*words, ("", ""), *rest], right=(1,))
    if explanation.steps is not None and explanation.gates is not None:
        for direction in explanation.gates:
            name = f"layer {direction.layer}, {direction.direction}"
            lines += _gate_lines(f"{name}, mean over its units", explanation.steps, direction)
            for unit in direction.units:
                lines += _gate_lines(f"{name}, unit {unit.unit}", explanation.steps, unit)
    return lines


def translation_lines(explanation: translation.Explanation) -> list[str]:
    """The translation, and for each of its tokens those that it attended to most."""
    lines = [_shown(explanation.translatedText)]
    for block in explanation.blocks:
        rows = [
            (_shown(token.text or _NO_LETTER), _most_read(block, weights))
            for token, weights in zip(block.target, block.attention, strict=True)
        ]
        lines += ["", *table(("written", "looked at"), rows, right=())]
    if explanation.corrections is not None:
        read = [(_shown(one.text), _shown(one.read_as)) for one in explanation.corrections]
        lines += ["", *table(("word", "read as"), read, right=())]
    return lines


def _gate_lines(
    caption: str,
    steps: list[classification.Step],
    gates: classification.DirectionGates | classification.UnitGates,
) -> list[str]:
    rows = [
        (_shown(step.text), plain(i), plain(f), plain(o))
        for step, i, f, o in zip(steps, gates.input, gates.forget, gates.output, strict=True)
    ]
    head = ("token", "input", "forget", "output")
    return ["", caption, *table(head, rows, right=(1, 2, 3))]


def _most_read(block: translation.Block, weights: list[float]) -> str:
    order = sorted(range(len(weights)), key=lambda i: -weights[i])
    kept = [i for i in order[:_MOST_READ] if weights[i] >= _LEAST_READ] or order[:1]
    last = len(weights) - 1
    names = {i: _END if i == last else _shown(block.source[i].text or _NO_LETTER) for i in kept}
    return ", ".join(f"{names[i]} {plain(weights[i])}" for i in kept)


def _shown(text: str) -> str:
    """Text that does nothing to a terminal."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
