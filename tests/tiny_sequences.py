"""Small honest sequence models for tests: real ONNX graphs that answer by their last step.

The forecaster says that a column grows by one a step; the labeller has the last step's category.
"""

from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper

from service.artifact import (
    CategoryColumn,
    Forecast,
    Graph,
    Interval,
    NumberColumn,
    Recipe,
    Score,
    SequenceDraft,
    SequenceExample,
    Tensor,
    write_artifact,
)
from tests.tiny_models import CREATED, OPSET

LABELS = ("pizza", "burger")
SHARPNESS = 4.0  # the logit of the last step's meal
SOLD = NumberColumn(name="sold", mean=30.0, deviation=5.0)
PROMOTED = NumberColumn(name="promoted", mean=0.5, deviation=0.5, may_be_missing=True)
MEAL = CategoryColumn(name="meal", values=LABELS, may_be_missing=True)
HORIZON, WINDOW, SHORTEST = 3, 6, 2
FORECASTER_FEATURES, LABELLER_FEATURES = 3, 3


def _graph(output: Tensor, features: int) -> Graph:
    return Graph(
        file="sequence.onnx",
        inputs=(
            Tensor(name="features", dtype="float32", shape=("batch", "time", features)),
            Tensor(name="lengths", dtype="int32", shape=("batch",)),
        ),
        outputs=(output,),
    )


def _facts(name: str, graph: Graph) -> dict[str, Any]:
    return {
        "name": name,
        "created": CREATED,
        "precision": "fp32",
        "opset": OPSET,
        "graphs": {"sequence": graph},
        "recipe": Recipe(name="tiny", settings={}),
        "license": "CC0-1.0",
        "license_note": "Made by hand; use it for anything.",
        "scores": (Score(dataset="toy", split="test", metric="skill", value=1.0, rows=2),),
    }


def forecaster_draft(name: str = "sales", **changes: Any) -> SequenceDraft:
    """Reads `sold` and `promoted`, and forecasts `sold`."""
    output = Tensor(name="forecast", dtype="float32", shape=("batch", HORIZON, 1))
    bounds = tuple((float(step),) for step in range(1, HORIZON + 1))
    interval = Interval(share=0.8, lower=tuple((-low,) for (low,) in bounds), upper=bounds)
    facts: dict[str, Any] = {
        "columns": (SOLD, PROMOTED),
        "window": WINDOW,
        "shortest": SHORTEST,
        "forecast": Forecast(columns=("sold",), horizon=HORIZON, interval=interval),
        "examples": (
            SequenceExample(
                inputs={"sold": (30.0, 31.0), "promoted": (None, 1.0)},
                forecast=((32.0,), (33.0,), (34.0,)),
            ),
        ),
    }
    return SequenceDraft(**_facts(name, _graph(output, FORECASTER_FEATURES)), **(facts | changes))


def labeller_draft(name: str = "dinner", **changes: Any) -> SequenceDraft:
    """Reads `meal`, and answers with the last step's."""
    output = Tensor(name="logits", dtype="float32", shape=("batch", len(LABELS)))
    facts: dict[str, Any] = {
        "columns": (MEAL,),
        "window": WINDOW,
        "labels": LABELS,
        "examples": (
            SequenceExample(inputs={"meal": (None, "burger")}, label="burger", score=0.982),
        ),
    }
    return SequenceDraft(**_facts(name, _graph(output, LABELLER_FEATURES)), **(facts | changes))


def sequence_files(draft: SequenceDraft, shift: float = 0.0) -> dict[str, bytes | Path]:
    """The graph: the last step of each row, times `weight`, plus `steps` and a shift."""
    node = helper.make_node
    forecasts = draft.forecast is not None
    nodes = [
        node("Sub", ["lengths", "one"], ["places"]),  # [batch]
        node("Unsqueeze", ["places", "axis1"], ["column"]),  # [batch, 1]
        node("GatherND", ["features", "column64"], ["last"], batch_dims=1),  # [batch, features]
        node("MatMul", ["last", "weight"], ["answer"]),
    ]
    nodes.insert(2, node("Cast", ["column"], ["column64"], to=TensorProto.INT64))
    weight = np.zeros((3, 1 if forecasts else 2), np.float32)
    if forecasts:
        weight[0, 0] = 1.0
        nodes += [
            node("Unsqueeze", ["answer", "axis1"], ["now"]),  # [batch, 1, 1]
            node("Add", ["now", "steps"], ["forecast"]),
        ]
    else:
        weight[:2] = SHARPNESS * np.eye(2)
        nodes.append(node("Identity", ["answer"], ["logits"]))
    constants: dict[str, Any] = {
        "one": np.array(1, np.int32),
        "axis1": np.array([1], np.int64),
        "weight": weight,
        "steps": shift + np.arange(1, HORIZON + 1, dtype=np.float32).reshape(1, HORIZON, 1),
    }
    graph = draft.graphs["sequence"]
    types = {"float32": TensorProto.FLOAT, "int32": TensorProto.INT32}

    def value(tensor: Tensor) -> Any:
        return helper.make_tensor_value_info(tensor.name, types[tensor.dtype], tensor.shape)

    model = helper.make_model(
        helper.make_graph(
            nodes,
            "sequence",
            [value(tensor) for tensor in graph.inputs],
            [value(tensor) for tensor in graph.outputs],
            [numpy_helper.from_array(array, name) for name, array in constants.items()],
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=8,
    )
    checker.check_model(model, full_check=True)
    return {"sequence.onnx": bytes(model.SerializeToString())}


def publish_forecaster(repository: Path, **facts: Any) -> Path:
    """Writes the tiny forecaster into a repository."""
    draft = forecaster_draft(**facts)
    return write_artifact(repository, draft, sequence_files(draft))


def publish_labeller(repository: Path, **facts: Any) -> Path:
    """Writes the tiny labeller into a repository."""
    draft = labeller_draft(**facts)
    return write_artifact(repository, draft, sequence_files(draft))


def publish_shifted(repository: Path, draft: SequenceDraft, shift: float) -> Path:
    """Writes a forecaster whose forecasts are all higher by so much."""
    return write_artifact(repository, draft, sequence_files(draft, shift))
