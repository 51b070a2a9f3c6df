"""A running service, and Triton's own client of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import tritonclient.http as triton

from tests.service.api.live import Live, live_server


def text_input(texts: list[str], binary: bool = True) -> Any:
    """The input text_input, [texts, 1]."""
    tensor = triton.InferInput("text_input", [len(texts), 1], "BYTES")
    values = np.array([[text.encode()] for text in texts], dtype=object)
    return tensor.set_data_from_numpy(values, binary_data=binary)


def token_inputs(rows: list[list[int]], binary: bool = True) -> list[Any]:
    """The inputs tokens [rows, longest] and lengths [rows, 1]."""
    longest = max(map(len, rows))
    tokens = np.array([row + [0] * (longest - len(row)) for row in rows], dtype=np.int32)
    lengths = np.array([[len(row)] for row in rows], dtype=np.int32)
    return [integers("tokens", tokens, binary), integers("lengths", lengths, binary)]


def integers(name: str, values: npt.NDArray[np.int32], binary: bool = True) -> Any:
    """An input of INT32."""
    tensor = triton.InferInput(name, list(values.shape), "INT32")
    return tensor.set_data_from_numpy(values, binary_data=binary)


def texts_of(result: Any, name: str) -> list[list[str]]:
    """The texts of an output."""
    return [[value.decode() for value in row] for row in as_texts(result.as_numpy(name))]


def as_texts(values: npt.NDArray[np.object_]) -> list[list[bytes]]:
    """Rows of texts; those that came as JSON are no bytes yet."""
    return [
        [value.encode() if isinstance(value, str) else value for value in row] for row in values
    ]


@pytest.fixture(scope="session")
def live(published_models: Path) -> Iterator[Live]:
    """A running service with the tiny models; no test may change them."""
    with live_server(published_models) as live:
        yield live


@pytest.fixture
def client(live: Live) -> Iterator[Any]:
    """Triton's client of it."""
    with client_of(live) as client:
        yield client


def client_of(live: Live) -> Any:
    """Triton's client of a running service."""
    return triton.InferenceServerClient("{}:{}".format(*live.address))
