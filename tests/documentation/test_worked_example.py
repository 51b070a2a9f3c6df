"""The arithmetic of docs/worked-example.md is right, line by line.

Its programs are run by test_sessions.py, and what they print is compared there.
"""

import math
import re

import pytest

from tests.documentation.markdown import ROOT

PAGE = (ROOT / "docs" / "worked-example.md").read_text(encoding="utf-8")
# A line such as "i₁: 1·0.5 + 2 = 0.5000 + 2.0000 = 2.5000, σ(2.5000) = 0.9241".
LINES = re.findall(r"^[iofch]\S*: .* = .*$", PAGE, re.MULTILINE)
ROUNDING = 0.00011  # of four digits, in the sums of numbers that were rounded before


def value(expression: str) -> float:
    """What a sum, a product or a function of numbers comes to."""
    spelt = expression.replace("−", "-").replace("·", "*").replace("σ", "sigma")
    assert re.fullmatch(r"(?:[\d.+*() -]|sigma|tanh)+", spelt), expression
    names = {"sigma": lambda z: 1 / (1 + math.exp(-z)), "tanh": math.tanh}
    return float(eval(spelt, {"__builtins__": {}}, names))


def test_all_lines_are_found() -> None:
    # Two steps of two units, each with four gates, c and h; and one step of a served unit.
    assert len(LINES) == 2 * 2 * 6 + 6


@pytest.mark.parametrize("line", LINES)
def test_every_line_comes_out(line: str) -> None:
    for chain in line.partition(": ")[2].split(", "):
        first, *others = chain.split(" = ")
        for other in others:
            assert value(first) == pytest.approx(value(other), abs=ROUNDING), chain


def number_after(name: str, text: str) -> list[float]:
    """The numbers at the end of the lines that begin with a name."""
    rows = re.findall(rf"^{name}: .* = (\S+)$", text, re.MULTILINE)
    return [value(row) for row in rows]


def test_the_program_prints_the_numbers_of_the_lines() -> None:
    printed = PAGE.partition("$ .venv/bin/python by_hand.py\n")[2].partition("```")[0]
    for letter, name in zip("ifoh", ("input", "forget", "output", "hidden"), strict=True):
        wanted = [
            (one, other)
            for one, other in zip(
                number_after(f"{letter}₁", PAGE), number_after(f"{letter}₂", PAGE), strict=True
            )
        ]
        shown = re.findall(rf"^{name} +(\S+) (\S+)$", printed, re.MULTILINE)
        assert [[float(a), float(b)] for a, b in shown] == [
            pytest.approx(pair, abs=2 * ROUNDING) for pair in wanted
        ]
