"""Values inside a graph become its outputs, and the bytes that were there stay."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from service.runtime.batches import pad_rows
from service.runtime.inner_values import with_outputs
from service.runtime.session import open_session


@pytest.fixture(scope="module")
def model(published_models: Path) -> bytes:
    return (published_models / "sentiment" / "1" / "classifier.onnx").read_bytes()


def test_values_and_constants_are_given_out_beside_the_outputs(model: bytes) -> None:
    session = open_session(with_outputs(model, ["states", "identity"]), threads=1)
    tokens, lengths = pad_rows([[7, 8, 9]])
    values = session.run({"tokens": tokens, "lengths": lengths})
    assert list(values) == ["logits", "states", "identity"]
    assert values["states"].shape == (3, 1, 2)
    np.testing.assert_array_equal(values["identity"], np.eye(2))
    plain = open_session(model, threads=1).run({"tokens": tokens, "lengths": lengths})
    np.testing.assert_array_equal(values["logits"], plain["logits"])


@pytest.mark.parametrize("names", [[], ["x"], ["x" * 127], ["x" * 128], ["ü" * 9000, "y"] * 40])
def test_names_of_any_length_are_read_as_onnx_reads_them(model: bytes, names: list[str]) -> None:
    extended = with_outputs(model, names)
    assert extended.startswith(model)
    before, after = onnx.load_from_string(model).graph, onnx.load_from_string(extended).graph
    assert [value.name for value in after.output] == ["logits", *names]
    del after.output[1:]
    assert after == before


def test_a_value_that_is_not_there_is_no_output(model: bytes) -> None:
    with pytest.raises(Exception, match="nothing_of_that_name"):
        open_session(with_outputs(model, ["nothing_of_that_name"]), threads=1)
