"""The tensor side of decoding: an encoder, and the batch of rows of a one-step decoder.

Knows nothing about scores, searches or which sequence a row belongs to (`service.runtime.rows`
does). Memory (encoder outputs and attention keys, computed once a sentence) is the same at every
step, so a row's memory moves only when the row changes its sequence. Owned by one thread.
"""

from collections.abc import Mapping, Sequence

from service.runtime.batches import pad_rows
from service.runtime.room import Room
from service.runtime.rows import Rearrangement
from service.runtime.session import Array, Session

_ROOM_STEP = 8  # rows and positions by which the room for them grows


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
        self._room: Room | None = None  # none while there are no rows

    def join(self, encoded: Encoded) -> None:
        """Append a row for each sentence."""
        first, last = self.rows, self.rows + len(encoded.lengths)
        time = int(encoded.lengths.max())
        if self._room is None:
            self._room = self._new_room(encoded, last, time)
        else:
            self._room = self._grown(self._room, last, time)
        room = self._room
        room.tokens[first:last] = self._decoder.begin_token
        room.lengths[first:last] = encoded.lengths
        room.fill(first, encoded.tensors)
        self.rows = last

    def step(self, k: int) -> tuple[list[list[float]], list[list[int]]]:
        """The k best continuations of each row: log-probabilities and tokens, best first."""
        assert self._room is not None
        log_probs, tokens = self._room.step(self.rows, k)
        return log_probs.tolist(), tokens.tolist()

    def rearrange(self, change: Rearrangement) -> None:
        """Carry out what the searches decided: one gather of the states, few moves of memory."""
        room, rows = self._room, len(change.parents)
        if room is None or not rows:
            self._room, self.rows = None, 0
            return
        if change.parents == list(range(rows)):  # those that are left stay where they are
            room.tokens[:rows] = change.tokens
        else:
            room = self._grown(room, rows, room.time)
            room.continue_from(change.parents)
            for to, origin in change.moves:
                room.move(to, origin)
            room.tokens[:rows] = change.tokens
        if rows < self.rows or change.moves:
            room = _cut(room, rows)
        self._room, self.rows = room, rows

    def _new_room(self, encoded: Encoded, rows: int, time: int) -> Room:
        tensors, decoder = encoded.tensors, self._decoder
        return Room(
            decoder.step,
            {name: tensors[name] for name in decoder.states},
            {name: tensors[name] for name in decoder.memory},
            _rounded(rows),
            _rounded(time),
        )

    def _grown(self, room: Room, rows: int, time: int) -> Room:
        """The same room, or a larger one where so many rows or positions do not fit."""
        if rows <= room.capacity and time <= room.time:
            return room
        capacity, time = max(room.capacity, _rounded(rows)), max(room.time, _rounded(time))
        return room.resized(self.rows, capacity, time)


def _cut(room: Room, rows: int) -> Room:
    """The same room, or one of fewer positions once the longest sentence left needs much less.

    Every step computes attention over all of them.
    """
    time = _rounded(int(room.lengths[:rows].max()))
    return room.resized(rows, room.capacity, time) if time <= room.time * 3 // 4 else room


def _rounded(size: int) -> int:
    return -(-size // _ROOM_STEP) * _ROOM_STEP
