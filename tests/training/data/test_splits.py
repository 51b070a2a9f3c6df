"""Splits depend on the texts alone, keep equal texts together, and hold their shares."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.data.splits import fraction_of, normalise, stratified_parts, three_way

FRACTIONS = (0.8, 0.1, 0.1)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Great food!", "great  food ."),
        ("It's\nfine", "it s fine"),
        ("STRASSE", "straße"),
        ("\ufb01ne", "fine"),
        (": )", ":)"),
    ],
)
def test_texts_that_count_as_the_same(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)
    assert fraction_of(one) == fraction_of(other)


@pytest.mark.parametrize(("one", "other"), [("good", "not good"), (":)", ":("), ("3.5", "35")])
def test_texts_that_do_not(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)
    assert fraction_of(one) != fraction_of(other)


def test_a_place_never_moves() -> None:
    # The splits that models were trained on depend on these numbers.
    assert fraction_of("I ran.") == pytest.approx(0.98104434696, abs=1e-9)
    assert fraction_of("I ran.", "salt") != fraction_of("I ran.")


@given(st.text())
def test_a_place_is_a_fraction(text: str) -> None:
    assert 0 <= fraction_of(text) < 1


def test_three_way_holds_its_shares() -> None:
    counts = Counter(three_way(f"sentence {number}", 0.8, 0.1) for number in range(5000))
    assert counts["train"] == pytest.approx(4000, abs=100)
    assert counts["validation"] == pytest.approx(500, abs=75)
    assert counts["test"] == pytest.approx(500, abs=75)


def test_strata_hold_their_shares_exactly() -> None:
    texts = [f"text {number}" for number in range(1100)]
    strata = ["common"] * 1000 + ["rare"] * 100
    parts = stratified_parts(texts, strata, FRACTIONS, seed=1)
    counts = Counter(zip(strata, parts, strict=True))
    for stratum, total in (("common", 1000), ("rare", 100)):
        for part, fraction in enumerate(FRACTIONS):
            assert abs(counts[stratum, part] - fraction * total) <= 2


@given(
    st.lists(st.tuples(st.sampled_from("abcdefghij"), st.sampled_from("xyz")), max_size=60),
    st.integers(0, 5),
    st.randoms(use_true_random=False),
)
def test_equal_texts_stay_together_whatever_the_order(
    rows: list[tuple[str, str]], seed: int, random: Random
) -> None:
    parts = stratified_parts([t for t, _ in rows], [s for _, s in rows], FRACTIONS, seed)
    part_of: dict[str, int] = {}
    for (text, _), part in zip(rows, parts, strict=True):
        assert part_of.setdefault(text, part) == part
    order = list(range(len(rows)))
    random.shuffle(order)
    texts, strata = [rows[i][0] for i in order], [rows[i][1] for i in order]
    shuffled = stratified_parts(texts, strata, FRACTIONS, seed)
    assert dict(zip(texts, shuffled, strict=True)) == part_of


def test_every_class_is_trained_on_and_small_data_is_held_out_too() -> None:
    texts = [f"text {number}" for number in range(10)]
    parts = stratified_parts(texts, ["a"] * 5 + ["b"] * 5, FRACTIONS, seed=0)
    assert Counter(parts) == {0: 8, 1: 1, 2: 1}
    parts = stratified_parts(["one", "two"], ["a", "b"], (0.1, 0.9), seed=0)
    assert parts == [0, 0]


def test_a_seed_draws_anew() -> None:
    texts = [f"text {number}" for number in range(100)]
    drawings = {tuple(stratified_parts(texts, ["a"] * 100, FRACTIONS, seed)) for seed in range(5)}
    assert len(drawings) == 5


@pytest.mark.parametrize("fractions", [(0.8, 0.3), (1.0, 0.0), (0.5,), (1.2, -0.2)])
def test_fractions_add_up(fractions: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="positive and add up to 1"):
        stratified_parts(["a"], ["x"], fractions, seed=0)
