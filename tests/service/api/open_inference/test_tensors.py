"""Tensors in JSON and in bytes: what Triton's client writes is read, and whatever else refused."""

import json
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tritonclient.utils import deserialize_bytes_tensor, serialize_byte_tensor

from service.api.open_inference.tensors import (
    OutputTensor,
    TensorFacts,
    integers_of_bytes,
    integers_of_json,
    texts_of_bytes,
    texts_of_json,
)
from service.errors import InvalidInput

INT32 = st.integers(-(2**31), 2**31 - 1)
TEXTS = st.lists(st.text(max_size=8), max_size=6)
TEXT = TensorFacts("text_input", "BYTES", (-1, 1))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)
SHAPES = st.lists(st.integers(0, 4), min_size=1, max_size=3)


@given(TEXTS)
def test_texts_are_read_as_tritons_client_writes_them(texts: list[str]) -> None:
    written = serialize_byte_tensor(np.array(texts, dtype=object))
    data = written.item() if written.size else b""
    assert texts_of_bytes("t", [len(texts), 1], data) == texts
    answer = OutputTensor("t", "BYTES", (len(texts),), texts)
    assert answer.to_bytes() == data
    assert [text.decode() for text in deserialize_bytes_tensor(answer.to_bytes())] == texts


@given(st.lists(INT32, min_size=1, max_size=8))
def test_numbers_are_the_same_in_json_nested_or_flat_and_in_bytes(values: list[int]) -> None:
    shape = [1, len(values)]
    array = np.array([values], dtype=np.int32)
    np.testing.assert_array_equal(integers_of_bytes("t", shape, array.tobytes()), array)
    for data in (values, [values]):
        np.testing.assert_array_equal(integers_of_json("t", shape, data), array)
    written = OutputTensor("t", "INT32", (1, len(values)), array)
    assert written.to_bytes() == array.astype("<i4").tobytes()
    assert json.loads(json.dumps(written.to_json())) == values


@pytest.mark.parametrize(
    ("shape", "data", "message"),
    [
        ([2, 2], [1, 2, 3], r"the data of t has 3 values; the shape \[2, 2\] has 4"),
        ([2, 2], [[1, 2], [3]], "the data of t is nested in another way"),
        ([2, 2], [[1, 2], 3, 4], "the data of t is nested in another way"),
        ([2, 2], [[1, 2]], r"the data of t has 2 values"),
        ([2, 2], [[1, 2, 3, 4]], "the data of t is nested in another way"),
        ([1], None, "t has no data"),
        ([1], [True], "value 0 of its data is no INT32"),
        ([2], [1, 2.0], "value 1 of its data is no INT32"),
        ([1], [2**31], "value 0 of its data is no INT32"),
        ([1], ["1"], "value 0 of its data is no INT32"),
        ([1], [[1]], "value 0 of its data is no INT32"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(shape: list[int], data: Any, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        integers_of_json("t", shape, data)


@pytest.mark.parametrize(
    ("count", "data", "message"),
    [
        (1, b"", "ends before element 0 of 1"),
        (1, b"\x01\x00\x00", "ends before element 0 of 1"),
        (1, b"\x02\x00\x00\x00a", r"t\[0\] should have 2 bytes, and only 1 are left"),
        (1, b"\xff\xff\xff\xffa", r"t\[0\] should have 4,294,967,295 bytes"),
        (2, b"\x01\x00\x00\x00a", "ends before element 1 of 2"),
        (1, b"\x01\x00\x00\x00ab", "1 bytes of binary data too many"),
        (0, b"a", "1 bytes of binary data too many"),
        (1, b"\x02\x00\x00\x00a\xff", r"t\[0\] is not UTF-8: byte 1 is 0xff"),
    ],
)
def test_texts_that_are_cut_or_broken_are_refused(count: int, data: bytes, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        texts_of_bytes("t", [count], data)


@given(SHAPES, st.binary(max_size=40))
def test_any_bytes_are_texts_that_fill_the_shape_or_refused(shape: list[int], data: bytes) -> None:
    try:
        texts = texts_of_bytes("t", shape, data)
    except InvalidInput:
        return
    assert len(texts) == np.prod(shape)
    assert OutputTensor("t", "BYTES", tuple(shape), texts).to_bytes() == data


@given(SHAPES, st.binary(max_size=40))
def test_any_bytes_are_numbers_that_fill_the_shape_or_refused(
    shape: list[int], data: bytes
) -> None:
    fits = len(data) == 4 * np.prod(shape)
    try:
        tensor = integers_of_bytes("t", shape, data)
    except InvalidInput:
        assert not fits
        return
    assert fits
    assert tensor.shape == tuple(shape)


@given(SHAPES, JSON)
def test_any_json_fills_the_shape_or_is_refused(shape: list[int], data: Any) -> None:
    with suppress(InvalidInput):
        assert integers_of_json("t", shape, data).shape == tuple(shape)
    with suppress(InvalidInput):
        assert len(texts_of_json("t", shape, data)) == np.prod(shape)


def test_a_tensor_is_what_the_model_takes_or_refused() -> None:
    TEXT.check([3, 1], "BYTES")
    TEXT.check([3], "BYTES")
    for shape, datatype, message in (
        ([3], "INT32", r'text_input has the datatype "INT32"; send BYTES'),
        ([3, 2], "BYTES", r"has the shape \[3, 2\]; send \[-1\] or \[-1, 1\]"),
        ([], "BYTES", r"has the shape \[\]"),
    ):
        with pytest.raises(InvalidInput, match=message):
            TEXT.check(shape, datatype)
