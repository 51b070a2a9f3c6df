"""Words flow in lines."""

from hypothesis import given
from hypothesis import strategies as st

from service.explanation.pictures.flow import Box, flow

boxes = st.lists(st.builds(Box, st.integers(1, 150), st.booleans()), max_size=60)


@given(boxes)
def test_every_box_has_a_place_of_its_own(boxes: list[Box]) -> None:
    lines = flow(boxes, 100, 8, 2)
    assert [place.number for line in lines for place in line] == list(range(len(boxes)))
    for line in lines:
        end = 0.0
        for i, place in enumerate(line):
            assert place.x == 0 if i == 0 else place.x >= end + 2
            end = place.x + boxes[place.number].width
            assert end <= 100 or len(line) == 1


def test_what_stands_together_stays_together() -> None:
    word, comma = Box(60, False), Box(10, True)
    (first, second) = flow([Box(30, False), word, comma], 100, 8, 2)
    assert [place.number for place in first] == [0]
    assert [(place.number, place.x) for place in second] == [(1, 0), (2, 62)]
