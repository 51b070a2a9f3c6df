"""Sequence models through Triton's own client: features in, forecasts or logits out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from tests import tiny_sequences
from tests.service.api.live import Live, live_server
from tests.service.api.open_inference.conftest import client_of, integers


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    models: Path = tmp_path_factory.mktemp("columns") / "models"
    tiny_sequences.publish_forecaster(models)
    tiny_sequences.publish_labeller(models)
    with live_server(models) as live:
        yield live


@pytest.fixture
def client(live: Live) -> Iterator[Any]:
    with client_of(live) as client:
        yield client


def features(values: npt.NDArray[np.float32], binary: bool) -> Any:
    tensor = triton.InferInput("features", list(values.shape), "FP32")
    return tensor.set_data_from_numpy(values, binary_data=binary)


def rows(*sold: list[float]) -> npt.NDArray[np.float32]:
    """Rows of `sold`, `promoted`, `promoted missing`, filled up with 0 behind their ends."""
    longest = max(map(len, sold))
    values = np.zeros((len(sold), longest, 3), np.float32)
    for row, of_row in zip(values, sold, strict=True):
        row[: len(of_row), 0] = of_row
    return values


def test_metadata_and_configuration_name_the_features(client: Any) -> None:
    metadata = client.get_model_metadata("sales")
    assert metadata["inputs"] == [
        {"name": "features", "datatype": "FP32", "shape": [-1, -1, 3]},
        {"name": "lengths", "datatype": "INT32", "shape": [-1, 1]},
    ]
    assert metadata["outputs"] == [{"name": "forecast", "datatype": "FP32", "shape": [-1, 3, 1]}]
    parameters = client.get_model_config("sales")["parameters"]
    names = {key: value["string_value"] for key, value in parameters.items()}
    assert names["feature_2"] == "promoted missing"
    assert (names["column_0"], names["window"], names["shortest"]) == ("sold", "6", "2")
    dinner = client.get_model_config("dinner")["parameters"]
    assert dinner["label_1"]["string_value"] == "burger"
    assert client.is_model_ready("sales")


@pytest.mark.parametrize("binary", [True, False])
def test_rows_of_different_lengths(client: Any, binary: bool) -> None:
    values = rows([20, 25], [1, 2, 3, 4, 5, 6, 7, 30])
    lengths = integers("lengths", np.array([[2], [8]], np.int32), binary)
    wanted = [triton.InferRequestedOutput("forecast", binary_data=binary)]
    answer = client.infer("sales", [features(values, binary), lengths], outputs=wanted)
    assert answer.as_numpy("forecast").tolist() == [
        [[26.0], [27.0], [28.0]],
        [[31.0], [32.0], [33.0]],
    ]


def test_rows_of_one_length_need_no_lengths(client: Any) -> None:
    answer = client.infer("sales", [features(rows([20, 25], [3, 4]), True)])
    assert answer.as_numpy("forecast")[:, 0, 0].tolist() == [26.0, 5.0]


def test_logits_and_the_best_classes(client: Any) -> None:
    values = np.array([[[1, 0, 0]], [[0, 1, 0]]], np.float32)
    answer = client.infer("dinner", [features(values, True)])
    assert answer.as_numpy("logits").tolist() == [[4, 0], [0, 4]]
    wanted = [triton.InferRequestedOutput("logits", class_count=1)]
    named = client.infer("dinner", [features(values, True)], outputs=wanted).as_numpy("logits")
    assert [value.decode() for value in named.ravel()] == ["4.000000:0:pizza", "4.000000:1:burger"]


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
def test_what_is_no_value_of_a_column_is_refused(client: Any, value: float, binary: bool) -> None:
    with pytest.raises(InferenceServerException, match=r"no JSON|send a number"):
        client.infer("sales", [features(rows([20, 25], [20, value]), binary)])


def test_wrong_shapes_and_lengths_are_named(client: Any) -> None:
    with pytest.raises(InferenceServerException, match=r"send \[-1, -1, 3\]"):
        client.infer("sales", [features(np.zeros((1, 2, 2), np.float32), True)])
    with pytest.raises(InferenceServerException, match=r"features\[0\]: the sequence has 1 step"):
        client.infer("sales", [features(rows([20]), True)])
    lengths = integers("lengths", np.array([[3]], np.int32))
    with pytest.raises(InferenceServerException, match=r"lengths\[0\] is 3; send how many steps"):
        client.infer("sales", [features(rows([20, 25]), True), lengths])
    with pytest.raises(InferenceServerException, match="send features and lengths, or features"):
        client.infer("sales", [lengths])


def test_numbers_of_json_are_checked(live: Live) -> None:
    for data, message in (
        (["a"] * 6, "value 0 of its data is no number"),
        ([True] * 6, "value 0 of its data is no number"),
        ([10**400] * 6, "no FP32"),
        ([1.0] * 5, "has 5 values; the shape [1, 2, 3] has 6"),
        ([[[1, 0, 0], [1, 0, 0]]], ""),
    ):
        tensor = {"name": "features", "shape": [1, 2, 3], "datatype": "FP32", "data": data}
        answer = live.client.post("/v2/models/sales/infer", json={"inputs": [tensor]})
        assert answer.status_code == (400 if message else 200), answer.text
        assert message in answer.text
