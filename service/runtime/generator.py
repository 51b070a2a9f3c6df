"""The tensor side of generation: the batch of rows that a one-step graph takes on.

As `service.runtime.decoder`, without a source: a text begins with the begin token, at which the
graph reads no state, and all that was read since is in the states. Owned by one thread.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from service.runtime.rows import Rearrangement
from service.runtime.session import Array, Session


class Generator:
    """The graph of a generator and the sizes of its states, by name. Thread-safe."""

    def __init__(self, step: Session, states: Mapping[str, int], begin_token: int) -> None:
        self.step = step
        self.states = dict(states)
        self.begin_token = begin_token
        self.step_outputs = ("log_probs", "next_tokens", *(f"next_{name}" for name in states))

    def encode(self, prompts: Sequence[Sequence[int]]) -> int:
        """How many texts begin. Prompts are read step by step, by the searches."""
        return len(prompts)


class GeneratorBatch:
    """The rows that a generator takes on by one token a step."""

    def __init__(self, generator: Generator) -> None:
        self._generator = generator
        self.rows = 0
        self._tokens = np.zeros(0, dtype=np.int32)  # rows: what each was last given
        self._states = _nothing(generator, 0)  # rows x units

    def join(self, count: int) -> None:
        """Append rows that begin a text."""
        begin = np.full(count, self._generator.begin_token, dtype=np.int32)
        fresh = _nothing(self._generator, count)
        self._tokens = np.concatenate([self._tokens, begin])
        for name, state in self._states.items():
            self._states[name] = np.concatenate([state, fresh[name]])
        self.rows += count

    def step(self, k: int) -> tuple[list[list[float]], list[list[int]]]:
        """The k best continuations of each row: log-probabilities and tokens, best first."""
        feeds: dict[str, Array] = {
            "token": self._tokens,
            "k": np.array([k], dtype=np.int64),
            **self._states,
        }
        output = self._generator.step.run(feeds, self._generator.step_outputs)
        self._states = {name: output[f"next_{name}"] for name in self._states}
        return output["log_probs"].tolist(), output["next_tokens"].tolist()

    def rearrange(self, change: Rearrangement) -> None:
        """Carry out what the searches decided: one gather of the states."""
        rows = len(change.parents)
        if rows != self.rows or change.parents != list(range(rows)):
            parents = np.array(change.parents, dtype=np.intp)
            for name, state in self._states.items():
                self._states[name] = state[parents]
        self._tokens = np.array(change.tokens, dtype=np.int32)
        self.rows = rows


def _nothing(generator: Generator, rows: int) -> dict[str, Array]:
    """States that nobody reads: those before a text begins."""
    return {
        name: np.zeros((rows, units), dtype=np.float32) for name, units in generator.states.items()
    }
