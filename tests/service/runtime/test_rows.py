"""Every row holds what its sequence needs, whatever grows, shrinks, joins and leaves."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from service.runtime.rows import Rearrangement, Rows
from service.runtime.search import Step


@dataclass(eq=False)
class Sequence:
    """An owner of rows, and the tokens of each of its live hypotheses."""

    name: int
    rows: list[int] = field(default_factory=list)
    hypotheses: list[tuple[int, ...]] = field(default_factory=lambda: [()])


class Contents:
    """What stands in the rows of a batch: of states all of a past, of memory a name."""

    def __init__(self) -> None:
        self.states: list[tuple[int, ...]] = []
        self.memory: list[int] = []

    def join(self, name: int) -> None:
        del self.memory[len(self.states) :]
        self.states.append(())
        self.memory.append(name)

    def rearrange(self, change: Rearrangement) -> None:
        """As a batch of tensors does: one gather of states, and memory that is moved in order."""
        assert len(change.parents) == len(change.tokens)
        self.states = [
            (*self.states[parent], token)
            for parent, token in zip(change.parents, change.tokens, strict=True)
        ]
        self.memory += [-1] * (max([to for to, _ in change.moves], default=-1) + 1)
        for to, origin in change.moves:
            self.memory[to] = self.memory[origin]


def check(rows: "Rows[Sequence]", running: list[Sequence], contents: Contents) -> None:
    owned = sorted(row for sequence in running for row in sequence.rows)
    assert owned == list(range(len(rows))) == list(range(len(contents.states)))
    for sequence in running:
        assert [contents.states[row] for row in sequence.rows] == sequence.hypotheses
        assert [contents.memory[row] for row in sequence.rows] == (
            [sequence.name] * len(sequence.rows)
        )


@settings(max_examples=100)
@given(data=st.data(), widest=st.integers(1, 6))
def test_states_and_memory_stay_with_their_sequence(data: st.DataObject, widest: int) -> None:
    rows: Rows[Sequence] = Rows()
    contents = Contents()
    running: list[Sequence] = []
    token = 0
    for _ in range(data.draw(st.integers(1, 12), label="steps")):
        for _ in range(data.draw(st.integers(0, 3), label="that join")):
            token += 1
            sequence = Sequence(token)
            rows.join(sequence)
            contents.join(token)
            running.append(sequence)
        check(rows, running, contents)
        steps: list[tuple[Sequence, Step]] = []
        for sequence in data.draw(st.permutations(running), label="order"):
            live = st.integers(0, len(sequence.hypotheses) - 1)
            parents = data.draw(st.lists(live, max_size=widest), label="parents")
            tokens = list(range(token + 1, token + 1 + len(parents)))
            token += len(parents)
            steps.append((sequence, Step(parents, tokens)))
        for sequence, step in steps:
            sequence.hypotheses = [
                (*sequence.hypotheses[parent], new)
                for parent, new in zip(step.parents, step.tokens, strict=True)
            ]
        contents.rearrange(rows.advance(steps))
        running = [sequence for sequence, step in steps if step.tokens]
        assert all(not sequence.rows for sequence, step in steps if not step.tokens)
        check(rows, running, contents)


def test_where_nothing_comes_or_goes_nothing_moves() -> None:
    rows: Rows[Sequence] = Rows()
    one, two = Sequence(1), Sequence(2)
    rows.join(one)
    rows.join(two)
    change = rows.advance([(one, Step((0,), (7,))), (two, Step((0,), (8,)))])
    assert change == Rearrangement([0, 1], [7, 8], [])


def test_one_that_grows_takes_the_rows_of_one_that_leaves() -> None:
    rows: Rows[Sequence] = Rows()
    one, two = Sequence(1), Sequence(2)
    rows.join(one)
    rows.join(two)
    change = rows.advance([(one, Step((), ())), (two, Step((0, 0), (8, 9)))])
    assert change == Rearrangement([1, 1], [9, 8], [(0, 1)])
    assert two.rows == [1, 0]


def test_the_last_rows_fill_the_holes() -> None:
    rows: Rows[Sequence] = Rows()
    sequences = [Sequence(name) for name in range(4)]
    for sequence in sequences:
        rows.join(sequence)
    ends = {0, 2}
    change = rows.advance(
        [(s, Step((), ()) if s.name in ends else Step((0,), (s.name,))) for s in sequences]
    )
    assert change == Rearrangement([3, 1], [3, 1], [(0, 3)])
    assert [sequence.rows for sequence in sequences] == [[], [1], [], [0]]
    assert len(rows) == 2
