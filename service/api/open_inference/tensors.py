"""Tensors as the protocol writes them: in JSON, or in bytes behind it.

Pure. It knows nothing about models: what a tensor should be is passed in, and whatever else comes
is InvalidInput, which names the tensor and the place in it.
"""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from service.errors import InvalidInput, quote

# Little-endian, row by row, as in the extension for binary tensor data.
NUMBERS = {"INT32": np.dtype("<i4"), "FP32": np.dtype("<f4")}
_LENGTH = struct.Struct("<I")  # before each element of BYTES
_LEAST, _LARGEST = -(2**31), 2**31 - 1  # INT32
ANY = -1  # in a shape: of any size

Values = Sequence[str] | npt.NDArray[np.generic]


@dataclass(frozen=True)
class TensorFacts:
    """What a tensor of a model is called and what it holds; ANY in the shape is any size."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    of_classes: bool = False  # whether its last axis has a value for each class

    def check(self, shape: Sequence[int], datatype: str) -> None:
        """Raises InvalidInput where a tensor that a client sends is another.

        A last axis of size 1 may be left out: many clients send a list of texts as [n].
        """
        if datatype != self.datatype:
            raise InvalidInput(
                f"{self.name} has the datatype {quote(datatype)}; send {self.datatype}"
            )
        wanted = [self.shape]
        if self.shape[-1] == 1:
            wanted.append(self.shape[:-1])
        if not any(_fits(shape, facts) for facts in wanted):
            known = " or ".join(str(list(facts)) for facts in reversed(wanted))
            raise InvalidInput(
                f"{self.name} has the shape {list(shape)}; send {known}, where {ANY} is any size"
            )


@dataclass(frozen=True)
class OutputTensor:
    """A tensor of an answer. Its values lie row by row: texts, or an array of a type of NUMBERS."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    values: Values

    def to_json(self) -> list[object]:
        """Its values for JSON."""
        if isinstance(self.values, np.ndarray):
            return self.values.ravel().tolist()
        return list(self.values)

    def to_bytes(self) -> bytes:
        """Its values as binary tensor data."""
        if isinstance(self.values, np.ndarray):
            return self.values.astype(NUMBERS[self.datatype], copy=False).tobytes()
        encoded = [value.encode("utf-8") for value in self.values]
        return b"".join(part for text in encoded for part in (_LENGTH.pack(len(text)), text))


def integers_of_json(name: str, shape: Sequence[int], data: object) -> npt.NDArray[np.int32]:
    """The INT32 tensor in a flat or nested list. Raises InvalidInput."""
    values = _flat(name, shape, data)
    # Looked at one by one only where one is wrong: there may be hundreds of thousands.
    whole = not set(map(type, values)) - {int}
    if not whole or (values and not _LEAST <= min(values) <= max(values) <= _LARGEST):
        index = next(
            i for i, v in enumerate(values) if type(v) is not int or not _LEAST <= v <= _LARGEST
        )
        raise InvalidInput(f"{name}: value {index} of its data is no INT32; send whole numbers")
    return np.array(values, dtype=np.int32).reshape(shape)


def integers_of_bytes(name: str, shape: Sequence[int], data: bytes) -> npt.NDArray[np.int32]:
    """The INT32 tensor in binary tensor data. Raises InvalidInput."""
    kind = NUMBERS["INT32"]
    expected = math.prod(shape) * kind.itemsize
    if len(data) != expected:
        raise InvalidInput(
            f"{name} has {len(data):,} bytes of binary data; INT32 of shape {list(shape)} "
            f"has {expected:,}"
        )
    return np.frombuffer(data, dtype=kind).astype(np.int32, copy=False).reshape(shape)


def floats_of_json(name: str, shape: Sequence[int], data: object) -> npt.NDArray[np.float32]:
    """The FP32 tensor in a flat or nested list. Raises InvalidInput."""
    values = _flat(name, shape, data)
    if set(map(type, values)) - {int, float}:
        index = next(i for i, v in enumerate(values) if type(v) not in (int, float))
        raise InvalidInput(f"{name}: value {index} of its data is no number")
    try:
        numbers = np.array(values, dtype=np.float64)
    except OverflowError:
        raise InvalidInput(f"{name}: a value of its data is no FP32") from None
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused as such
        return numbers.astype(np.float32).reshape(shape)


def floats_of_bytes(name: str, shape: Sequence[int], data: bytes) -> npt.NDArray[np.float32]:
    """The FP32 tensor in binary tensor data. Raises InvalidInput."""
    kind = NUMBERS["FP32"]
    expected = math.prod(shape) * kind.itemsize
    if len(data) != expected:
        raise InvalidInput(
            f"{name} has {len(data):,} bytes of binary data; FP32 of shape {list(shape)} "
            f"has {expected:,}"
        )
    return np.frombuffer(data, dtype=kind).astype(np.float32, copy=False).reshape(shape)


def texts_of_json(name: str, shape: Sequence[int], data: object) -> list[str]:
    """The texts in a flat or nested list. Raises InvalidInput."""
    texts: list[str] = []
    for index, value in enumerate(_flat(name, shape, data)):
        if not isinstance(value, str):
            raise InvalidInput(f"{name}[{index}] is no string; send the text of BYTES as a string")
        texts.append(value)
    return texts


def texts_of_bytes(name: str, shape: Sequence[int], data: bytes) -> list[str]:
    """The texts in binary tensor data: UTF-8, each behind its length. Raises InvalidInput."""
    texts: list[str] = []
    position = 0
    for index in range(math.prod(shape)):
        begin = position + _LENGTH.size
        if begin > len(data):
            raise InvalidInput(
                f"{name}: its binary data ends before element {index} of {math.prod(shape)}; send "
                "each as its length in 4 bytes, little-endian, and its own bytes"
            )
        position = begin + _LENGTH.unpack_from(data, begin - _LENGTH.size)[0]
        if position > len(data):
            raise InvalidInput(
                f"{name}[{index}] should have {position - begin:,} bytes, and only "
                f"{len(data) - begin:,} are left of its binary data"
            )
        try:
            texts.append(data[begin:position].decode("utf-8"))
        except UnicodeDecodeError as error:
            raise InvalidInput(
                f"{name}[{index}] is not UTF-8: byte {error.start} is "
                f"0x{data[begin + error.start]:02x}; send texts in UTF-8"
            ) from None
    if position != len(data):
        raise InvalidInput(
            f"{name} has {len(data) - position:,} bytes of binary data too many for the shape "
            f"{list(shape)}"
        )
    return texts


def _flat(name: str, shape: Sequence[int], data: object) -> list[Any]:
    """The values of a list that is flat, or nested as the shape says."""
    if not isinstance(data, list):
        raise InvalidInput(f"{name} has no data; send a list, or binary data and binary_data_size")
    count = math.prod(shape)
    values = data
    if len(shape) > 1 and any(isinstance(value, list) for value in data):
        for size in shape[1:]:
            if not all(isinstance(value, list) and len(value) == size for value in values):
                raise _misshapen(name, shape)
            values = [inner for value in values for inner in value]
    if len(values) != count:
        raise _misshapen(name, shape, len(values))
    return values


def _misshapen(name: str, shape: Sequence[int], values: int | None = None) -> InvalidInput:
    found = "is nested in another way" if values is None else f"has {values:,} values"
    return InvalidInput(
        f"the data of {name} {found}; the shape {list(shape)} has {math.prod(shape):,}"
    )


def _fits(shape: Sequence[int], facts: Sequence[int]) -> bool:
    return len(shape) == len(facts) and all(
        wanted in (ANY, size) for size, wanted in zip(shape, facts, strict=True)
    )
