"""Builds an ONNX graph node by node. Knows nothing about networks.

Graphs are written directly from the weights rather than traced: PyTorch's exporter drops the
lengths of a padded batch, so the backward direction of an LSTM would read padding first, and it
has no operator for a quantised LSTM.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 20
MICROSOFT = "com.microsoft"  # onnxruntime's own operators, for int8
_TYPES = {
    "int32": TensorProto.INT32,
    "int64": TensorProto.INT64,
    "float32": TensorProto.FLOAT,
}

Array = np.ndarray
Shape = Sequence[int | str]


class GraphBuilder:
    """Collects nodes; every method that adds one returns the name of its (first) output."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []
        self._count = 0

    def input(self, name: str, dtype: str, shape: Shape) -> str:
        self._inputs.append(helper.make_tensor_value_info(name, _TYPES[dtype], list(shape)))
        return name

    def output(self, value: str, name: str, dtype: str, shape: Shape) -> None:
        """Give ``value`` out under ``name``."""
        self._nodes.append(helper.make_node("Identity", [value], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, _TYPES[dtype], list(shape)))

    def constant(self, value: Array) -> str:
        name = self._fresh("constant")
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def integers(self, *values: int) -> str:
        """A one-dimensional int64 constant."""
        return self.constant(np.array(values, dtype=np.int64))

    def op(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """A node with one output."""
        return self.ops(kind, 1, *inputs, domain=domain, **attributes)[0]

    def ops(
        self, kind: str, outputs: int, *inputs: str, domain: str = "", **attributes: Any
    ) -> list[str]:
        """A node with several outputs."""
        names = [self._fresh(kind) for _ in range(outputs)]
        self._nodes.append(helper.make_node(kind, inputs, names, domain=domain, **attributes))
        return names

    def concat(self, *values: str) -> str:
        """Along the last axis."""
        return self.op("Concat", *values, axis=-1)

    def build(self) -> onnx.ModelProto:
        """The model, checked by onnx. Raises onnx.checker.ValidationError."""
        nodes, constants = self._used()
        graph = helper.make_graph(nodes, self.name, self._inputs, self._outputs, constants)
        imports = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
        model = helper.make_model(graph, opset_imports=imports, ir_version=10)
        model.producer_name = "gatehouse"
        onnx.checker.check_model(model, full_check=True)
        return model

    def _used(self) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
        """The nodes and constants that an output needs: onnxruntime would run the others too."""
        wanted = {output.name for output in self._outputs}
        nodes: list[onnx.NodeProto] = []
        for node in reversed(self._nodes):
            if not wanted.isdisjoint(node.output):
                nodes.insert(0, node)
                wanted.update(_read(node))
        return nodes, [constant for constant in self._constants if constant.name in wanted]

    def _fresh(self, kind: str) -> str:
        self._count += 1
        return f"{kind}_{self._count}"


def _read(node: onnx.NodeProto) -> Iterator[str]:
    """The values that a node reads, those of the graphs inside it among them."""
    yield from node.input
    for attribute in node.attribute:
        for inner in attribute.g.node:
            yield from _read(inner)
