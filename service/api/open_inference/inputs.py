"""The inputs of a request as the engines want them: texts, or rows of tokens, within the limits."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from service.api.open_inference.messages import InferenceRequest, InputTensor
from service.api.open_inference.signatures import LENGTHS, TEXT, TOKENS
from service.api.open_inference.tensors import (
    TensorFacts,
    integers_of_bytes,
    integers_of_json,
    texts_of_bytes,
    texts_of_json,
)
from service.api.texts import check_texts
from service.errors import InvalidInput, LimitExceeded
from service.settings import Settings


class Received(NamedTuple):
    """A tensor of a request, checked against what the model takes; its values not yet read."""

    facts: TensorFacts
    tensor: InputTensor
    binary: bytes | None


def received(
    request: InferenceRequest,
    binary: Sequence[bytes | None],
    inputs: Sequence[TensorFacts],
    settings: Settings,
) -> dict[str, Received]:
    """The tensors of a request by name.

    binary: what lies behind the JSON for each. inputs: what the model takes, under the same names.
    Raises InvalidInput, and LimitExceeded for more rows than a request may have.
    """
    known = {facts.name: facts for facts in inputs}
    found: dict[str, Received] = {}
    for tensor, data in zip(request.inputs, binary, strict=True):
        facts = known[tensor.name]
        if "shared_memory_region" in tensor.parameters:
            raise InvalidInput(f"{facts.name} is in shared memory; send its data in the request")
        facts.check(tensor.shape, tensor.datatype)
        rows = tensor.shape[0]
        if rows > settings.max_texts:
            raise LimitExceeded(
                f"{facts.name} holds {rows:,} rows; the limit is {settings.max_texts:,} a request"
            )
        if not rows:
            raise InvalidInput(f"{facts.name} holds no row; send at least one")
        found[tensor.name] = Received(facts, tensor, data)
    return found


def read_texts(tensors: dict[str, Received], settings: Settings) -> list[str]:
    """The texts of a request. Raises InvalidInput and LimitExceeded, which name the text."""
    return check_texts(TEXT.name, given_texts(tensors), settings)


def given_texts(tensors: dict[str, Received]) -> list[str]:
    """The same, whatever they hold. Raises InvalidInput."""
    name, tensor, binary = TEXT.name, tensors[TEXT.name].tensor, tensors[TEXT.name].binary
    if binary is None:
        return texts_of_json(name, tensor.shape, tensor.data)
    return texts_of_bytes(name, tensor.shape, binary)


def read_rows(tensors: dict[str, Received], vocabulary: int, max_tokens: int) -> list[list[int]]:
    """The rows of tokens of a request, without what stands behind their lengths.

    vocabulary: how many tokens there are; max_tokens: of a row. Raises InvalidInput and
    LimitExceeded, which name the row.
    """
    tokens = _integers(tensors[TOKENS.name])  # [rows, time]
    lengths = read_lengths(tensors[LENGTHS.name], TOKENS.name, *tokens.shape)
    rows = []
    for index, (row, length) in enumerate(zip(tokens, lengths, strict=True)):
        if length > max_tokens:
            raise LimitExceeded(
                f"{TOKENS.name}[{index}] has {length:,} tokens; the limit is {max_tokens:,}"
            )
        used = row[:length]
        if used.min() < 0 or used.max() >= vocabulary:
            raise InvalidInput(
                f"{TOKENS.name}[{index}] holds a token outside 0 to {vocabulary - 1:,}; send those "
                "of the model's own tokenizer"
            )
        rows.append(used.tolist())
    return rows


def read_lengths(received: Received, of: str, rows: int, longest: int) -> list[int]:
    """How many tokens or steps of each row of the tensor `of` count. Raises InvalidInput."""
    lengths: list[int] = _integers(received).ravel().tolist()  # [rows]
    if len(lengths) != rows:
        raise InvalidInput(
            f"{of} has {rows:,} rows and {LENGTHS.name} has {len(lengths):,}; "
            "send one length for each row"
        )
    unit = "tokens" if of == TOKENS.name else "steps"
    for index, length in enumerate(lengths):
        if not 1 <= length <= longest:
            raise InvalidInput(
                f"{LENGTHS.name}[{index}] is {length}; send how many {unit} of the row count, "
                f"from 1 to {longest:,}"
            )
    return lengths


def _integers(received: Received) -> npt.NDArray[np.int32]:
    facts, tensor, binary = received
    if binary is None:
        return integers_of_json(facts.name, tensor.shape, tensor.data)
    return integers_of_bytes(facts.name, tensor.shape, binary)
