"""Compares the output that a page shows with the output that a command really gave.

Pure: two texts in, the difference in words out. Where the page shows JSON, both sides are compared
as JSON, so that a page may break lines where it reads best. `...` stands for anything: between
other text, as a value, or as a key for "and further keys". Decimal numbers may differ a little.
"""

import json
import re
from typing import Any

# Scores differ a little between processors, because int8 kernels round differently.
TOLERANCE = 0.02

# What is not to be taken literally in other text than JSON; versions such as 1.2.3 are.
_LOOSE = re.compile(r"(\.\.\.|(?<![\w.])-?\d+\.\d+(?!\w|\.\d))")
_NUMBER = r"(-?\d+(?:\.\d+)?(?:e-?\d+)?)"


def difference(expected: str, actual: str) -> str | None:
    """What differs, or None. An empty expectation accepts every output."""
    if not expected.strip():
        return None
    try:
        shown = json.loads(expected)
    except ValueError:
        return _text_difference(expected.strip(), actual.strip())
    try:
        answer = json.loads(actual)
    except ValueError:
        return f"the page shows JSON, the answer is none: {actual.strip()}"
    return _json_difference(shown, answer, "answer")


def _text_difference(shown: str, answer: str) -> str | None:
    literal, loose = _LOOSE.split(shown)[::2], _LOOSE.findall(shown)
    pattern = re.escape(literal[0])
    for stands_for, after in zip(loose, literal[1:], strict=True):
        pattern += (".*" if stands_for == "..." else _NUMBER) + re.escape(after)
    match = re.fullmatch(pattern, answer, re.DOTALL)
    numbers = [float(number) for number in loose if number != "..."]
    if match and all(
        abs(number - float(other)) <= TOLERANCE
        for number, other in zip(numbers, match.groups(), strict=True)
    ):
        return None
    return f"shown:\n{shown}\nanswered:\n{answer}"


def _json_difference(shown: Any, answer: Any, where: str) -> str | None:
    if shown == "...":
        return None
    if isinstance(shown, float) and type(answer) in (int, float):
        same = abs(shown - answer) <= TOLERANCE
        return None if same else f"{where}: shown {shown}, answered {answer}"
    if type(shown) is not type(answer):
        return f"{where}: shown {shown!r}, answered {answer!r}"
    if isinstance(shown, dict):
        more = set(answer) - set(shown) if "..." not in shown else set()
        differing = (set(shown) - set(answer) - {"..."}) | more
        if differing:
            return f"{where}: keys {sorted(differing)} are on one side only"
        pairs = [(f"{where}.{key}", shown[key], answer[key]) for key in shown if key != "..."]
    elif isinstance(shown, list):
        if len(shown) != len(answer):
            return f"{where}: shown {len(shown)} elements, answered {len(answer)}"
        pairs = [
            (f"{where}[{index}]", *pair)
            for index, pair in enumerate(zip(shown, answer, strict=True))
        ]
    else:
        return None if shown == answer else f"{where}: shown {shown!r}, answered {answer!r}"
    return next(filter(None, (_json_difference(a, b, name) for name, a, b in pairs)), None)
