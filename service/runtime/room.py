"""The arrays that a decoder's step reads and writes, with room for more rows than there are.

A row joins, leaves and is taken on in place: a step allocates and copies nothing, once the graph is
bound to the arrays of so many rows. Knows nothing about what its tensors mean. Owned by one thread.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from service.runtime.session import Array, BoundRun, Session

_MAX_RUNS = 128  # that are kept bound, of a few kilobytes each


class _Step(NamedTuple):
    run: BoundRun
    log_probs: Array  # rows x k
    tokens: Array  # rows x k


class Room:
    """Tokens, states and memory of up to `capacity` rows and `time` source positions."""

    def __init__(
        self,
        step: Session,
        states: Mapping[str, Array],
        memory: Mapping[str, Array],
        capacity: int,
        time: int,
    ) -> None:
        """states (any rows x *) and memory (any rows x any time x *) give names, shapes, types."""
        self.capacity = capacity
        self.time = time
        self.tokens = np.zeros(capacity, dtype=np.int32)  # what each row was last given
        self.lengths = np.zeros(capacity, dtype=np.int32)  # source tokens
        # Not cleared: of megabytes, few rows are ever used where one sentence is decoded alone.
        self.memory = {  # capacity x time x *
            name: np.empty((capacity, time, *values.shape[2:]), dtype=values.dtype)
            for name, values in memory.items()
        }
        self.states, self._others = (  # capacity x *: a step reads the one and writes the other
            {
                name: np.empty((capacity, *values.shape[1:]), dtype=values.dtype)
                for name, values in states.items()
            }
            for _ in range(2)
        )
        self._session = step
        self._flipped = False
        self._steps: dict[tuple[int, int, bool], _Step | None] = {}

    def fill(self, first: int, tensors: Mapping[str, Array]) -> None:
        """Give rows from the first on their states and memory, of at most as many positions."""
        for name, state in self.states.items():
            values = tensors[name]
            state[first : first + len(values)] = values
        for name, memory in self.memory.items():
            values = tensors[name]
            rows, time = values.shape[:2]
            memory[first : first + rows, :time] = values
            # Zeros, because the masked weight of a position is 0 and 0 x NaN is not.
            memory[first : first + rows, time:] = 0

    def resized(self, rows: int, capacity: int, time: int) -> "Room":
        """Another room with the first rows of this one, for at most so many positions."""
        room = Room(self._session, self.states, self.memory, capacity, time)
        room.tokens[:rows] = self.tokens[:rows]
        room.lengths[:rows] = self.lengths[:rows]
        tensors = {name: state[:rows] for name, state in self.states.items()}
        kept = min(time, self.time)
        tensors |= {name: values[:rows, :kept] for name, values in self.memory.items()}
        room.fill(0, tensors)
        return room

    def step(self, rows: int, k: int) -> tuple[Array, Array]:
        """Take the first rows on: their k best log-probabilities and tokens (rows x k).

        Both are overwritten by the next step of as many rows.
        """
        key = rows, k, self._flipped
        step = self._steps.get(key)
        if step is None:
            # To bind takes as long as some bound runs save. Many numbers of rows come but once.
            if key not in self._steps:
                if len(self._steps) == _MAX_RUNS:
                    self._steps.clear()
                self._steps[key] = None
                return self._step_once(rows, k)
            step = self._steps[key] = self._bind(rows, k)
        step.run.run()
        self._flip()
        return step.log_probs, step.tokens

    def continue_from(self, parents: Sequence[int]) -> None:
        """Give each of the first rows the state of another."""
        rows = len(parents)
        order = np.array(parents, dtype=np.intp)
        for name, state in self.states.items():
            # Without a mode numpy would write into a buffer first.
            np.take(state, order, axis=0, out=self._others[name][:rows], mode="clip")
        self._flip()

    def move(self, to: int, origin: int) -> None:
        """Give a row the memory of another."""
        self.lengths[to] = self.lengths[origin]
        for values in self.memory.values():
            values[to] = values[origin]

    def _flip(self) -> None:
        self.states, self._others = self._others, self.states
        self._flipped = not self._flipped

    def _step_once(self, rows: int, k: int) -> tuple[Array, Array]:
        names = ["log_probs", "next_tokens", *(f"next_{name}" for name in self.states)]
        output = self._session.run(self._feeds(rows, k), names)
        for name, state in self._others.items():
            state[:rows] = output[f"next_{name}"]
        self._flip()
        return output["log_probs"], output["next_tokens"]

    def _bind(self, rows: int, k: int) -> _Step:
        log_probs = np.zeros((rows, k), dtype=np.float32)
        tokens = np.zeros((rows, k), dtype=np.int32)
        results = {"log_probs": log_probs, "next_tokens": tokens}
        results |= {f"next_{name}": values[:rows] for name, values in self._others.items()}
        return _Step(self._session.bind(self._feeds(rows, k), results), log_probs, tokens)

    def _feeds(self, rows: int, k: int) -> dict[str, Array]:
        return {
            "token": self.tokens[:rows],
            "source_lengths": self.lengths[:rows],
            "k": np.array([k], dtype=np.int64),
            **{name: values[:rows] for name, values in self.states.items()},
            **{name: values[:rows] for name, values in self.memory.items()},
        }
