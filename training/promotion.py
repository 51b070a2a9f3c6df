"""The gate before a version is published: ``accuracy >= 0.9``, or ``accuracy > current``.

Knows nothing about models: it compares numbers that were measured.
"""

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

CURRENT = "current"  # the score of the newest published version on the same data
_OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}
_CONDITION = re.compile(r"\s*([A-Za-z][A-Za-z0-9_]*)\s*(>=|<=|>|<)\s*(\S+)\s*")
_EXAMPLE = 'for example "accuracy >= 0.9" or "accuracy > current"'


class PromotionError(ValueError):
    """A condition that cannot be read or that does not hold."""


@dataclass(frozen=True)
class Condition:
    """``metric OPERATOR bound``; the bound is a number, or None for the current version's score."""

    metric: str
    operator: str
    bound: float | None

    @classmethod
    def parse(cls, text: str) -> "Condition":
        """Raises PromotionError."""
        match = _CONDITION.fullmatch(text)
        if match is None:
            raise PromotionError(f"cannot read the condition {text!r}: write it {_EXAMPLE}")
        metric, sign, bound = match.groups()
        if bound == CURRENT:
            return cls(metric, sign, None)
        try:
            number = float(bound)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise PromotionError(
                f"{bound!r} is neither a number nor {CURRENT!r}: write the condition {_EXAMPLE}"
            )
        return cls(metric, sign, number)

    def require(self, scores: Mapping[str, float], current: Mapping[str, float] | None) -> None:
        """Raises PromotionError where the condition does not hold.

        scores, current: metrics of the candidate and of the published version (None: there is
        none yet, and any candidate beats it). Shares, such as accuracy, are in [0, 1].
        """
        if self.metric not in scores:
            raise PromotionError(
                f"{self.metric!r} is not measured; choose from {', '.join(sorted(scores))}"
            )
        value = scores[self.metric]
        bound = self.bound
        if bound is None:
            if current is None:
                return
            if self.metric not in current:
                raise PromotionError(
                    f"the published version has no {self.metric} to compare with; it has "
                    f"{', '.join(sorted(current))}: name one of these, or a number"
                )
            bound = current[self.metric]
        if not _OPERATORS[self.operator](value, bound):
            raise PromotionError(
                f"not published: {self.metric} is {value:.4f}, which is not "
                f"{self.operator} {bound:.4f}"
            )
