"""The tensors of a decoder's batch: states follow their parents, memory its sequence."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from service.artifact import BOS_ID, EOS_ID, read_artifact
from service.runtime.decoder import Decoder, DecodingBatch
from service.runtime.rows import Rearrangement
from service.runtime.session import open_session

ONE, TWO = [20, 21, 22, EOS_ID], [*range(30, 40), EOS_ID]


@pytest.fixture(scope="module")
def decoder(published_models: Path) -> Decoder:
    """The tiny translator, which copies its source: a state is a position in it."""
    artifact = read_artifact(published_models / "translation-en-de" / "1")
    encoder, step = (open_session(artifact.graph_path(name), 1) for name in ("encoder", "decoder"))
    return Decoder(encoder, step, ["position"], ["encoder_outputs"], BOS_ID)


def joined(decoder: Decoder, *sources: Sequence[int]) -> DecodingBatch:
    batch = DecodingBatch(decoder)
    batch.join(decoder.encode(sources))
    return batch


def best(batch: DecodingBatch) -> list[int]:
    """The most probable token of each row."""
    log_probs, tokens = batch.step(2)
    assert len(log_probs) == len(tokens) == batch.rows
    assert all(first >= second for first, second in log_probs)
    return [row[0] for row in tokens]


def go_on(batch: DecodingBatch, *parents: int, moves: Sequence[tuple[int, int]] = ()) -> None:
    batch.rearrange(Rearrangement(list(parents), [5] * len(parents), list(moves)))


def shape(batch: DecodingBatch) -> tuple[int, ...]:
    """The rows and positions that there is room for."""
    room = batch._room
    assert room is not None
    assert room.memory["encoder_outputs"].shape[:2] == (room.capacity, room.time)
    return room.capacity, room.time


def test_memory_and_states_of_sentences(decoder: Decoder) -> None:
    encoded = decoder.encode([ONE, TWO])
    assert encoded.lengths.tolist() == [4, 11]
    assert encoded.tensors["encoder_outputs"].shape[:2] == (2, 11)
    assert encoded.tensors["position"].tolist() == [[0.0], [0.0]]


def test_each_row_reads_its_own_sentence(decoder: Decoder) -> None:
    batch = joined(decoder, ONE, TWO)
    for expected in ([20, 30], [21, 31], [22, 32], [EOS_ID, 33]):
        assert best(batch) == expected
        go_on(batch, 0, 1)
    go_on(batch, 1, moves=[(0, 1)])
    assert best(batch) == [34]


def test_a_sentence_joins_while_others_are_decoded(decoder: Decoder) -> None:
    batch = joined(decoder, ONE)
    assert best(batch) == [20]
    go_on(batch, 0)
    batch.join(decoder.encode([TWO]))
    assert batch.rows == 2
    assert best(batch) == [21, 30]


def test_hypotheses_of_a_sentence_share_its_memory_and_have_states_of_their_own(
    decoder: Decoder,
) -> None:
    batch = joined(decoder, ONE, TWO)
    best(batch)
    go_on(batch, 0, 1, 1, moves=[(2, 1)])
    assert best(batch) == [21, 31, 31]
    # The second hypothesis of the longer sentence begins again from the state of neither.
    go_on(batch, 0, 2, 1)
    assert best(batch) == [22, 32, 32]


def test_memory_is_moved_in_the_order_given(decoder: Decoder) -> None:
    three = [40, 41, EOS_ID]
    batch = joined(decoder, ONE, TWO, three)
    best(batch)
    # The first is overwritten by the second, and only then the second by the third.
    go_on(batch, 1, 2, moves=[(0, 1), (1, 2)])
    assert best(batch) == [31, 41]


def test_room_grows_with_rows_and_positions(decoder: Decoder) -> None:
    batch = joined(decoder, ONE)
    assert shape(batch) == (8, 8)
    for _ in range(8):
        batch.join(decoder.encode([ONE]))
    assert shape(batch) == (16, 8)
    batch.join(decoder.encode([[*range(30, 50), EOS_ID]]))
    assert shape(batch) == (16, 24)
    assert best(batch) == [20] * 9 + [30]


def test_room_for_positions_is_cut_once_the_longest_has_left(decoder: Decoder) -> None:
    long, middle = [*range(30, 60), EOS_ID], [*range(30, 50), EOS_ID]
    batch = joined(decoder, long, middle, ONE)
    assert shape(batch) == (8, 32)
    best(batch)
    go_on(batch, 2, 1, moves=[(0, 2)])
    assert shape(batch) == (8, 24)
    assert best(batch) == [21, 31]
    go_on(batch, 0)
    assert shape(batch) == (8, 8)
    assert best(batch) == [22]


def test_room_is_not_cut_for_a_little(decoder: Decoder) -> None:
    batch = joined(decoder, [*range(30, 70), EOS_ID], [*range(30, 62), EOS_ID])
    assert shape(batch) == (8, 48)
    go_on(batch, 1, moves=[(0, 1)])
    assert shape(batch) == (8, 48)


def test_an_empty_batch_gives_its_memory_back_and_begins_again(decoder: Decoder) -> None:
    batch = joined(decoder, ONE, TWO)
    best(batch)
    go_on(batch)
    assert batch.rows == 0
    assert batch._room is None
    batch.join(decoder.encode([ONE]))
    assert shape(batch) == (8, 8)
    for expected in (20, 21, 22, EOS_ID):
        assert best(batch) == [expected]
        go_on(batch, 0)


def test_what_stood_in_a_row_before_does_not_show(decoder: Decoder) -> None:
    alone = joined(decoder, ONE)
    batch = joined(decoder, [*range(30, 38)], TWO)
    best(batch)
    go_on(batch, 1, moves=[(0, 1)])
    batch.join(decoder.encode([ONE]))
    for _ in range(4):
        log_probs, tokens = batch.step(3)
        (expected,), (expected_tokens,) = alone.step(3)
        np.testing.assert_array_equal(log_probs[1], expected)
        assert tokens[1] == expected_tokens
        go_on(batch, 0, 1)
        go_on(alone, 0)
