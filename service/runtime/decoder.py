"""The tensor side of decoding: an encoder, and the batch of rows of a one-step decoder.

Knows nothing about scores, searches or which sequence a row belongs to (`service.runtime.rows`
does). Memory (encoder outputs and attention keys, computed once a sentence) is the same at every
step, so a row's memory moves only when the row changes its sequence. Owned by one thread.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from service.runtime.batches import pad_rows
from service.runtime.rows import Rearrangement
from service.runtime.session import Array, Session

_ROOM_STEP = 8  # rows and positions by which the room for memory grows


class Decoder:
    """The two graphs of a translator and the names of their tensors. Thread-safe."""

    def __init__(
        self,
        encoder: Session,
        step: Session,
        states: Sequence[str],
        memory: Sequence[str],
        begin_token: int,
    ) -> None:
        self.encoder = encoder
        self.step = step
        self.states = tuple(states)
        self.memory = tuple(memory)
        self.begin_token = begin_token
        self.step_outputs = ("log_probs", "next_tokens", *(f"next_{name}" for name in states))

    def encode(self, sources: Sequence[Sequence[int]]) -> "Encoded":
        """Memory and first states of sentences; none may be empty."""
        tokens, lengths = pad_rows(sources)
        return Encoded(lengths, self.encoder.run({"tokens": tokens, "lengths": lengths}))


class Encoded:
    """What the encoder made of some sentences."""

    def __init__(self, lengths: Array, tensors: Mapping[str, Array]) -> None:
        self.lengths = lengths  # sentences
        self.tensors = tensors  # states: sentences x *; memory: sentences x source_time x *


class DecodingBatch:
    """The rows that a decoder takes on by one token a step."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self.rows = 0
        self._tokens = np.zeros(0, dtype=np.int32)  # rows: what each was last given
        self._states: dict[str, Array] = {}  # rows x *
        # Room for more rows and positions than there are, so that a row joins and leaves without
        # the others' being copied. What lies behind a row's end is masked by the graph.
        self._memory: dict[str, Array] = {}  # capacity x time x *
        self._lengths = np.zeros(0, dtype=np.int32)  # capacity: source tokens
        self._time = 0

    def join(self, encoded: Encoded) -> None:
        """Append a row for each sentence."""
        count = len(encoded.lengths)
        first, last = self.rows, self.rows + count
        begin = np.full(count, self._decoder.begin_token, dtype=np.int32)
        if first == 0:
            self._tokens = begin
            self._states = {name: encoded.tensors[name] for name in self._decoder.states}
            self._memory = {name: encoded.tensors[name][:0] for name in self._decoder.memory}
            self._lengths, self._time = self._lengths[:0], 0
        else:
            self._tokens = np.concatenate([self._tokens, begin])
            for name, state in self._states.items():
                self._states[name] = np.concatenate([state, encoded.tensors[name]])
        self._make_room(last, int(encoded.lengths.max()))
        self._lengths[first:last] = encoded.lengths
        for name, room in self._memory.items():
            values = encoded.tensors[name]
            room[first:last, : values.shape[1]] = values
        self.rows = last

    def step(self, k: int) -> tuple[list[list[float]], list[list[int]]]:
        """The k best continuations of each row: log-probabilities and tokens, best first."""
        rows = self.rows
        feeds: dict[str, Array] = {
            "token": self._tokens,
            "source_lengths": self._lengths[:rows],
            "k": np.array([k], dtype=np.int64),
            **self._states,
        }
        for name, room in self._memory.items():
            feeds[name] = room[:rows]
        output = self._decoder.step.run(feeds, self._decoder.step_outputs)
        self._states = {name: output[f"next_{name}"] for name in self._decoder.states}
        return output["log_probs"].tolist(), output["next_tokens"].tolist()

    def rearrange(self, change: Rearrangement) -> None:
        """Carry out what the searches decided: one gather of the states, few moves of memory."""
        rows = len(change.parents)
        if rows != self.rows or change.moves or change.parents != list(range(rows)):
            parents = np.array(change.parents, dtype=np.intp)
            for name, state in self._states.items():
                self._states[name] = state[parents]
        if change.moves:
            self._make_room(max(to for to, _ in change.moves) + 1, self._time)
            for to, origin in change.moves:
                self._lengths[to] = self._lengths[origin]
                for room in self._memory.values():
                    room[to] = room[origin]
        self._tokens = np.array(change.tokens, dtype=np.int32)
        self.rows = rows
        self._give_back()

    def _make_room(self, rows: int, time: int) -> None:
        capacity = len(self._lengths)
        if rows > capacity or time > self._time:
            self._resize(max(capacity, _rounded(rows)), max(self._time, _rounded(time)))

    def _give_back(self) -> None:
        """Cut the room for positions once the longest sentence left needs much less of it.

        Every step computes attention over all of it.
        """
        if not self.rows:
            self._memory = {}
            return
        time = _rounded(int(self._lengths[: self.rows].max()))
        if time <= self._time * 3 // 4:
            self._resize(len(self._lengths), time)

    def _resize(self, capacity: int, time: int) -> None:
        rows, kept = min(self.rows, capacity), min(time, self._time)
        lengths = np.zeros(capacity, dtype=np.int32)
        lengths[: len(self._lengths)] = self._lengths
        for name, room in self._memory.items():
            # Zeros, because the masked weight of a position is 0 and 0 x NaN is not.
            larger = np.zeros((capacity, time, *room.shape[2:]), dtype=room.dtype)
            larger[:rows, :kept] = room[:rows, :kept]
            self._memory[name] = larger
        self._lengths, self._time = lengths, time


def _rounded(size: int) -> int:
    return -(-size // _ROOM_STEP) * _ROOM_STEP
