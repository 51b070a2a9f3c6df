"""Conditions: how they are read, when they hold, and what they say when they do not."""

import pytest

from training.promotion import Condition, PromotionError

SCORES = {"accuracy": 0.9, "BLEU": 31.0}


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("accuracy >= 0.9", Condition("accuracy", ">=", 0.9)),
        ("accuracy>=.9", Condition("accuracy", ">=", 0.9)),
        ("  BLEU  >  31 ", Condition("BLEU", ">", 31.0)),
        ("calibration_error < 5e-2", Condition("calibration_error", "<", 0.05)),
        ("calibration_error <= 0", Condition("calibration_error", "<=", 0.0)),
        ("accuracy > current", Condition("accuracy", ">", None)),
    ],
)
def test_conditions_are_read(text: str, condition: Condition) -> None:
    assert Condition.parse(text) == condition


@pytest.mark.parametrize("text", ["", "accuracy", "accuracy = 0.9", "accuracy == 0.9", ">= 0.9",
                                  "accuracy >=", "accuracy => 0.9", "0.9 <= accuracy"])  # fmt: skip
def test_what_is_no_condition_gets_an_example(text: str) -> None:
    with pytest.raises(PromotionError, match=r'for example "accuracy >= 0\.9" or "accuracy > curr'):
        Condition.parse(text)


@pytest.mark.parametrize("bound", ["high", "currant", "nan", "inf", "0,9"])
def test_what_is_no_bound_is_named(bound: str) -> None:
    with pytest.raises(PromotionError, match=f"'{bound}' is neither a number nor 'current'"):
        Condition.parse(f"accuracy > {bound}")


@pytest.mark.parametrize(
    ("sign", "holding", "failing"),
    [
        (">=", (0.89, 0.9), (0.91,)),
        (">", (0.89,), (0.9, 0.91)),
        ("<=", (0.9, 0.91), (0.89,)),
        ("<", (0.91,), (0.89, 0.9)),
    ],
)
def test_every_operator(sign: str, holding: tuple[float, ...], failing: tuple[float, ...]) -> None:
    for bound in holding:
        Condition.parse(f"accuracy {sign} {bound}").require(SCORES, None)
        Condition.parse(f"accuracy {sign} current").require(SCORES, {"accuracy": bound})
    for bound in failing:
        said = f"not published: accuracy is 0.9000, which is not {sign} {bound:.4f}"
        with pytest.raises(PromotionError, match=said):
            Condition.parse(f"accuracy {sign} {bound}").require(SCORES, None)
        with pytest.raises(PromotionError, match=said):
            Condition.parse(f"accuracy {sign} current").require(SCORES, {"accuracy": bound})


def test_any_candidate_beats_none() -> None:
    Condition.parse("accuracy > current").require(SCORES, None)


def test_a_version_without_the_metric_is_no_yardstick() -> None:
    with pytest.raises(PromotionError, match="has no span_f1 to compare with; it has accuracy: na"):
        Condition("span_f1", ">", None).require({"span_f1": 0.5}, {"accuracy": 0.9})


def test_a_metric_that_was_not_measured_is_named_with_those_that_were() -> None:
    with pytest.raises(PromotionError, match="'acuracy' is not measured; choose from BLEU, accu"):
        Condition.parse("acuracy > 0.9").require(SCORES, None)
