"""A decoder's arrays: steps in place give what the graph gives for copies."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from service.artifact import BOS_ID, EOS_ID, TranslationManifest, read_artifact
from service.runtime import room as module
from service.runtime.decoder import Decoder, Encoded
from service.runtime.room import Room
from service.runtime.session import Array, open_session

SHIPPED = Path(__file__).parents[3] / "models" / "translation-en-de" / "1"
SOURCES = [[*range(30, 40), EOS_ID], [20, 21, 22, EOS_ID], [*range(50, 57), EOS_ID]]


@pytest.fixture(scope="module")
def decoder() -> Decoder:
    """The shipped translator, whose states are wide enough to show whose they are."""
    artifact = read_artifact(SHIPPED)
    assert isinstance(artifact.manifest, TranslationManifest)
    encoder, step = (open_session(artifact.graph_path(name), 1) for name in ("encoder", "decoder"))
    facts = artifact.manifest.decoding
    return Decoder(encoder, step, facts.states, facts.memory, BOS_ID)


@pytest.fixture(scope="module")
def encoded(decoder: Decoder) -> Encoded:
    return decoder.encode(SOURCES)


def filled(decoder: Decoder, encoded: Encoded, capacity: int = 8, time: int = 16) -> Room:
    tensors, rows = encoded.tensors, len(encoded.lengths)
    states = {name: tensors[name] for name in decoder.states}
    memory = {name: tensors[name] for name in decoder.memory}
    room = Room(decoder.step, states, memory, capacity, time)
    room.tokens[:rows] = BOS_ID
    room.lengths[:rows] = encoded.lengths
    room.fill(0, tensors)
    return room


def copied_steps(
    decoder: Decoder, encoded: Encoded, sources: Sequence[int], steps: int
) -> list[Array]:
    """The best tokens (rows x 2) of each greedy step, without a room."""
    tensors = {name: values[list(sources)] for name, values in encoded.tensors.items()}
    feeds = {name: tensors[name] for name in (*decoder.states, *decoder.memory)}
    feeds["token"] = np.full(len(sources), BOS_ID, np.int32)
    feeds["source_lengths"] = encoded.lengths[list(sources)]
    feeds["k"] = np.array([2], np.int64)
    found: list[Array] = []
    for _ in range(steps):
        output = decoder.step.run(feeds)
        feeds |= {name: output[f"next_{name}"] for name in decoder.states}
        found.append(output["next_tokens"])
        feeds["token"] = np.ascontiguousarray(found[-1][:, 0])
    return found


def greedy_steps(room: Room, rows: int, steps: int) -> list[Array]:
    found: list[Array] = []
    for _ in range(steps):
        _, tokens = room.step(rows, 2)
        found.append(tokens.copy())
        room.tokens[:rows] = tokens[:, 0]
    return found


def test_steps_in_place_are_those_of_copies(decoder: Decoder, encoded: Encoded) -> None:
    room = filled(decoder, encoded)
    np.testing.assert_array_equal(
        greedy_steps(room, 3, 6), copied_steps(decoder, encoded, (0, 1, 2), 6)
    )


def test_fewer_rows_and_more_again(decoder: Decoder, encoded: Encoded) -> None:
    expected = copied_steps(decoder, encoded, (0, 1, 2), 5)
    room = filled(decoder, encoded)
    found = greedy_steps(room, 3, 2) + greedy_steps(room, 2, 1)
    np.testing.assert_array_equal(found[2], expected[2][:2])
    # The third row did not take part, and is a state behind.
    np.testing.assert_array_equal(greedy_steps(room, 2, 1)[0], expected[3][:2])
    np.testing.assert_array_equal(greedy_steps(room, 1, 1)[0], expected[4][:1])


def test_rows_continue_from_others(decoder: Decoder, encoded: Encoded) -> None:
    expected = copied_steps(decoder, encoded, (0, 1, 2), 4)
    room = filled(decoder, encoded)
    greedy_steps(room, 3, 2)
    room.continue_from([2, 0])
    room.move(3, 0)  # memory of the first, which the second now needs
    room.move(0, 2)
    room.move(1, 3)
    room.tokens[:2] = expected[1][[2, 0], 0]
    np.testing.assert_array_equal(greedy_steps(room, 2, 1)[0], expected[2][[2, 0]])


def test_a_resized_room_goes_on(decoder: Decoder, encoded: Encoded) -> None:
    expected = copied_steps(decoder, encoded, (0, 1, 2), 6)
    room = filled(decoder, encoded)
    found = greedy_steps(room, 3, 3)
    larger = room.resized(3, 16, 24)
    assert (larger.capacity, larger.time) == (16, 24)
    found += greedy_steps(larger, 3, 2)
    found += greedy_steps(larger.resized(3, 16, 16), 3, 1)
    np.testing.assert_array_equal(found, expected)


def test_few_bound_runs_are_kept(
    decoder: Decoder, encoded: Encoded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MAX_RUNS", 4)
    room = filled(decoder, encoded)
    for k in (1, 2, 3, 4, 5):
        for rows in (1, 2, 3):
            for _ in range(3):
                room.step(rows, k)
            assert len(room._steps) <= 4


def test_what_lies_behind_a_sentence_is_zero(decoder: Decoder, encoded: Encoded) -> None:
    room = filled(decoder, encoded, time=32)
    for values in room.memory.values():
        values[:] = np.nan  # as any memory may be that was another's before
    room.fill(0, encoded.tensors)
    larger = room.resized(3, 8, 48)
    for each in (room, larger):
        for values in each.memory.values():
            assert not values[:3, 11:].any()
    expected = copied_steps(decoder, encoded, (0, 1, 2), 3)
    np.testing.assert_array_equal(greedy_steps(larger, 3, 3), expected)
