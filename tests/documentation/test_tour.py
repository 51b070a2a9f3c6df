"""Each step of docs/tour.md has a command and a picture, and its pictures are small.

Its commands are run by test_sessions.py and test_examples.py.
"""

import re

import pytest

from tests.documentation.markdown import ROOT, drawn_pictures
from tests.documentation.tour_pictures import PAGE

LARGEST = 60_000  # bytes
TEXT = PAGE.read_text(encoding="utf-8")
PARTS = re.split(r"^## \d+\. ", TEXT, flags=re.MULTILINE)[1:]


def test_the_steps_are_numbered() -> None:
    steps = re.findall(r"^## (\d+)\. ", TEXT, re.MULTILINE)
    assert list(map(int, steps)) == list(range(1, 14))


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.partition("\n")[0])
def test_each_step_runs_and_has_a_picture(part: str) -> None:
    assert re.search(r"^\$ \S", part, re.MULTILINE)
    assert re.search(r"^!\[[^\]]+\]\(images/", part, re.MULTILINE)


def test_the_pictures_are_small_and_none_is_left_over() -> None:
    drawn = set(drawn_pictures(PAGE))
    assert drawn == set((ROOT / "docs" / "images").glob("tour-*.png"))
    assert {path.name for path in drawn if path.stat().st_size > LARGEST} == set()
