"""Rows of different lengths as one tensor, shortened texts, digests."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from training.tasks.padding import fingerprint, pad, shortened


def row(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int32)


def test_padding_stands_behind_each_end() -> None:
    tokens, lengths = pad([row(5, 6, 7), row(8), row(9, 9)], torch.device("cpu"))
    assert tokens.tolist() == [[5, 6, 7], [8, 0, 0], [9, 9, 0]]
    assert lengths.tolist() == [3, 1, 2]
    assert tokens.dtype == lengths.dtype == torch.int64


@given(length=st.integers(0, 30), limit=st.integers(1, 12))
def test_a_long_row_keeps_its_beginning_and_its_end(length: int, limit: int) -> None:
    full = np.arange(length)
    short = shortened(full, limit).tolist()
    assert len(short) == min(length, limit)
    if length > limit:
        head = limit // 2
        assert short == [*full[:head], *full[length - (limit - head) :]]
    else:
        assert short == full.tolist()


def test_a_fingerprint_sees_contents_order_and_bounds() -> None:
    rows = [row(1, 2), row(3)]
    others = [
        [row(3), row(1, 2)],
        [row(1), row(2, 3)],
        [row(1, 2, 3)],
        [row(1, 2), row(4)],
        rows[:1],
    ]
    assert fingerprint(rows) == fingerprint([row(1, 2), row(3)])
    assert len({fingerprint(rows), *map(fingerprint, others)}) == 1 + len(others)
