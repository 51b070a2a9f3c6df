"""The results of the study as tables in Markdown. Knows results.json and nothing else."""

from collections.abc import Mapping, Sequence
from typing import Any

from training.studies.gates.measures import BY_UNITS, DESCRIPTIONS, EVIDENCE, STEPS
from training.studies.gates.readings import WEIGHTINGS
from training.tables import markdown_table

CLAIM = "sentiment words - stop words"
MATCHED, ALL = "matched", "all words"
MEASURES = (*BY_UNITS, EVIDENCE)
_NOTABLE, _PLAIN = 0.2, 0.5  # standard deviations: "small" and "medium", Cohen 1988
# What the lectures say of the two kinds of words, and the measures that would show it.
_CLAIMS = (
    ("selective read: sentiment words are taken in, stop words are not", "input"),
    ("", "written"),
    ("selective forget: stop words are dropped, sentiment words kept", "left_1"),
    ("", f"left_{STEPS}"),
    ("both together", f"remaining_{STEPS}"),
    ("selective write: the output is of sentiment words", "output"),
    ("", EVIDENCE),
)


def value_of(by_weighting: Mapping[str, Any], measure: str, weighting: str = WEIGHTINGS[0]) -> Any:
    """[value, low, high] of a measure, or None."""
    return by_weighting["pooled" if measure == EVIDENCE else weighting][measure]


def report(results: Mapping[str, Any]) -> str:
    """The means of the classes, and whether the claim of the lectures holds."""
    parts = [_heading(results)]
    for direction, found in results["directions"].items():
        parts.append(f"{direction}, means over the words of a class:\n")
        parts.append(means_table(found["means"]) + "\n")
    parts.append(
        f"{CLAIM}, in standard deviations, with 95% intervals; matched: words that are\n"
        "about as frequent and as far from where the direction begins to read:\n"
    )
    parts.append(differences_table(results["directions"], CLAIM) + "\n")
    parts.append("what the lectures say, by the matched differences:\n")
    parts.append(claims_table(results["directions"]))
    return "\n".join(parts)


def means_table(means: Mapping[str, Any]) -> str:
    """A row for each class of words, a column for each measure."""
    rows = [
        [name, *(_number(value_of(of_class, measure)) for measure in MEASURES)]
        for name, of_class in means.items()
    ]
    return markdown_table(["words", *MEASURES], rows)


def differences_table(directions: Mapping[str, Any], contrast: str) -> str:
    """A row for each measure; of each direction all words, and those that match."""
    header = [f"{one}, {which}" for one in directions for which in (ALL, MATCHED)]
    rows = [
        [DESCRIPTIONS[measure], *(
            _interval(value_of(found["differences"][contrast][which], measure))
            for found in directions.values() for which in (ALL, MATCHED)
        )]
        for measure in MEASURES
    ]  # fmt: skip
    return markdown_table(["measure", *header], rows)


def claims_table(directions: Mapping[str, Any]) -> str:
    """What is claimed, the measure that would show it, and in each direction whether it does."""
    rows = [
        [claim, DESCRIPTIONS[measure], *(
            verdict(value_of(found["differences"][CLAIM][MATCHED], measure))
            for found in directions.values()
        )]
        for claim, measure in _CLAIMS
    ]  # fmt: skip
    return markdown_table(["claim", "measure", *directions], rows)


def verdict(interval: Sequence[float] | None) -> str:
    """What a difference [value, low, high] says of the claim that it is above 0.

    One below a fifth of a standard deviation is called none, however sure it is, and one below
    half of one a little.
    """
    if interval is None:
        return "not known"
    value, low, high = interval
    if low <= 0 <= high or abs(value) < _NOTABLE:
        return f"no difference to speak of ({value:+.2f})"
    degree = "" if abs(value) >= _PLAIN else "a little, "
    return f"{degree}{'as said' if value > 0 else 'the opposite'} ({value:+.2f})"


def _heading(results: Mapping[str, Any]) -> str:
    model, reviews, states = results["model"], results["reviews"], results["recomputed states"]
    largest = states["largest difference from the served"]
    return (
        f"{model['name']} {model['version']} ({model['precision']}), {reviews['read']:,} of "
        f"{reviews['all']:,} reviews of {reviews['of']}, {results['words']:,} words measured;\n"
        f"recomputed states differ from the served ones by {largest:.4f} at most\n"
    )


def _number(interval: Sequence[float] | None) -> str:
    return "-" if interval is None else f"{interval[0]:.3f}"


def _interval(interval: Sequence[float] | None) -> str:
    return "-" if interval is None else "{:+.2f} [{:+.2f}, {:+.2f}]".format(*interval)
