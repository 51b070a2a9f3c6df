"""What runs, and in which order. Pure; knows nothing about processes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

Item = TypeVar("Item")


class UnknownName(ValueError):
    """A name that the command line does not know; the message lists those it does."""


def rounds(items: Sequence[Item], count: int) -> list[list[Item]]:
    """`count` passes over the items, every other one backwards.

    A machine that slowly warms up, or a neighbour that comes and goes, then weighs as much on the
    first as on the last.
    """
    return [list(items) if number % 2 == 0 else list(reversed(items)) for number in range(count)]


def select(names: Iterable[str], wanted: str | None) -> list[str]:
    """The names that a comma-separated list asks for, in their own order; all of them for None.

    A name asks for itself, and for all that begin with it and a dash: `sentiment` for
    `sentiment-32` and `sentiment-alone`. Raises UnknownName for one that asks for nothing.
    """
    known = list(names)
    if wanted is None:
        return known
    found: set[str] = set()
    for word in (part.strip() for part in wanted.split(",")):
        matches = {name for name in known if name == word or name.startswith(f"{word}-")}
        if not matches:
            raise UnknownName(f"{word!r} is unknown; known are {', '.join(known)}")
        found |= matches
    return [name for name in known if name in found]


def grouped(names: Iterable[str], groups: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The names that each group holds, without the groups that hold none."""
    chosen = set(names)
    found = {
        group: [name for name in members if name in chosen] for group, members in groups.items()
    }
    return {group: members for group, members in found.items() if members}
