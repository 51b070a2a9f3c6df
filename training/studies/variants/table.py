"""Outcomes of variants as a table in Markdown. Knows no runs."""

from collections.abc import Mapping, Sequence

import numpy as np

from training.studies.variants.study import Outcome
from training.tables import markdown_table


def variants_table(outcomes: Mapping[str, Sequence[Outcome]], base: str) -> str:
    """A row for each variant: scores as means over its seeds, and how far it is from ``base``.

    outcomes: by variant, in the order of the rows, one for each seed.
    """
    several = max(len(own) for own in outcomes.values()) > 1
    first = next(iter(outcomes.values()))[0]
    details = list(first.details)
    header = [
        "variant", first.metric, *(["spread"] if several else []), "difference",
        *details, "steps", "tokens a second",
    ]  # fmt: skip
    rows = []
    for name, own in outcomes.items():
        scores = [outcome.score for outcome in own]
        rows.append([
            name,
            shown(_mean(own, "score")),
            *([shown(max(scores) - min(scores))] if several else []),
            "" if name == base else _signed(_mean(own, "score") - _mean(outcomes[base], "score")),
            *(shown(float(np.mean([one.details[detail] for one in own]))) for detail in details),
            f"{_mean(own, 'steps'):,.0f}",
            _speed(own, outcomes[base]),
        ])  # fmt: skip
    return markdown_table(header, rows)


def shown(score: float) -> str:
    """To four digits or more: BLEU is in points, an accuracy a share."""
    return f"{score:.2f}" if abs(score) >= 10 else f"{score:.4f}"


def _signed(difference: float) -> str:
    return f"{'+' if difference >= 0 else '-'}{shown(abs(difference))}"


def _speed(outcomes: Sequence[Outcome], base: Sequence[Outcome]) -> str:
    mine, theirs = ([one.speed for one in own if one.speed] for own in (outcomes, base))
    return f"× {np.mean(mine) / np.mean(theirs):.2f}" if mine and theirs else ""


def _mean(outcomes: Sequence[Outcome], field: str) -> float:
    return float(np.mean([getattr(outcome, field) for outcome in outcomes]))
