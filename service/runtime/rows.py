"""Which row of a decoder's batch belongs to which sequence. Pure: touches no tensor.

A *row* is one live hypothesis of one sequence. After each step hypotheses are reordered, some end
and some are new, and the rows that are left must be dense again. Everything that changes is said
once, as a `Rearrangement`, which the tensor side carries out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from service.runtime.search import Step


class Owner(Protocol):
    """What owns rows."""

    rows: list[int]  # in the order of its hypotheses


Owned = TypeVar("Owned", bound=Owner)


@dataclass(frozen=True)
class Rearrangement:
    """How the rows after a step come from those before it."""

    parents: list[int]  # for each row, the row before whose state it continues
    tokens: list[int]  # for each row, the token it continues with
    # Rows whose sequence is another one than before: (row, row of its sequence), to be carried
    # out in this order.
    moves: list[tuple[int, int]] = field(default_factory=list)


class Rows(Generic[Owned]):
    """The owners of rows 0 to n - 1."""

    def __init__(self) -> None:
        self._owners: list[Owned] = []

    def __len__(self) -> int:
        return len(self._owners)

    def join(self, owner: Owned) -> None:
        """Give a sequence that begins the next row."""
        owner.rows = [len(self._owners)]
        self._owners.append(owner)

    def advance(self, steps: Sequence[tuple[Owned, Step]]) -> Rearrangement:
        """Take every sequence on; one whose step has no rows leaves.

        steps: each owner once, with parents that number its own rows.
        """
        owners = self._owners
        parents = list(range(len(owners)))
        tokens = [0] * len(owners)
        holes: list[int] = []
        grown: list[tuple[Owned, int, int]] = []
        for owner, step in steps:
            rows = owner.rows
            wanted = len(step.tokens)
            if wanted == 1 == len(rows):  # greedy, at most of its steps
                tokens[rows[0]] = step.tokens[0]
                continue
            for row, parent, token in zip(rows, step.parents, step.tokens, strict=False):
                parents[row] = rows[parent]
                tokens[row] = token
            if wanted < len(rows):
                holes += rows[wanted:]
                owner.rows = rows[:wanted]
            elif wanted > len(rows):
                grown += [
                    (owner, rows[step.parents[i]], step.tokens[i]) for i in range(len(rows), wanted)
                ]
        moves: list[tuple[int, int]] = []
        for owner, parent, token in grown:
            if holes:
                row = holes.pop()
                parents[row], tokens[row], owners[row] = parent, token, owner
            else:
                row = len(owners)
                parents.append(parent)
                tokens.append(token)
                owners.append(owner)
            moves.append((row, owner.rows[0]))
            owner.rows.append(row)
        if holes:
            self._close(holes, parents, tokens, moves)
        return Rearrangement(parents, tokens, moves)

    def _close(
        self,
        holes: list[int],
        parents: list[int],
        tokens: list[int],
        moves: list[tuple[int, int]],
    ) -> None:
        """Fill the holes with the last rows."""
        owners = self._owners
        count = len(owners) - len(holes)
        empty = set(holes)
        last = [row for row in range(count, len(owners)) if row not in empty]
        for hole, row in zip((hole for hole in holes if hole < count), last, strict=True):
            owner = owners[row]
            owner.rows[owner.rows.index(row)] = hole
            owners[hole], parents[hole], tokens[hole] = owner, parents[row], tokens[row]
            moves.append((hole, row))
        del owners[count:], parents[count:], tokens[count:]
