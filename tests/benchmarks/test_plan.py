import pytest

from benchmarks.plan import UnknownName, grouped, rounds, select

NAMES = ["sentiment-32", "sentiment-alone", "sentimental", "start"]


def test_every_other_round_runs_backwards() -> None:
    assert rounds("abc", 3) == [["a", "b", "c"], ["c", "b", "a"], ["a", "b", "c"]]


def test_all_names_by_default() -> None:
    assert select(NAMES, None) == NAMES


def test_a_name_asks_for_itself_and_for_its_group_in_the_order_of_the_suite() -> None:
    assert select(NAMES, "start, sentiment") == ["sentiment-32", "sentiment-alone", "start"]
    assert select(NAMES, "sentiment-alone") == ["sentiment-alone"]


@pytest.mark.parametrize("wanted", ["sent", "start,nothing", ""])
def test_a_name_that_asks_for_nothing_is_refused(wanted: str) -> None:
    with pytest.raises(UnknownName, match="known are sentiment-32"):
        select(NAMES, wanted)


def test_groups_without_a_chosen_name_are_left_out() -> None:
    groups = {"one": ("a", "b"), "two": ("c",), "three": ("d", "e")}
    assert grouped(["e", "b", "a"], groups) == {"one": ["a", "b"], "three": ["e"]}
