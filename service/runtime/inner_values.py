"""Makes values inside an ONNX graph its outputs, without the onnx package. Pure.

A serialized protocol buffer that is followed by another of the same message reads as both merged,
with their repeated fields one behind the other (Protocol Buffers, "Encoding", on last one wins).
So a model with a second `graph` field behind it, which holds nothing but outputs, is the same
model with more outputs. Of an output onnxruntime needs the name alone.
"""

from collections.abc import Iterable

# Field numbers of onnx.proto3.
_MODEL_GRAPH = 7
_GRAPH_OUTPUT = 12
_VALUE_NAME = 1
_LENGTH_DELIMITED = 2  # the wire type of messages and strings


def with_outputs(model: bytes, names: Iterable[str]) -> bytes:
    """A serialized ModelProto that also gives out the values of those names.

    The names must be of values in its main graph (constants count) that are no outputs yet.
    """
    outputs = b"".join(
        _field(_GRAPH_OUTPUT, _field(_VALUE_NAME, name.encode("utf-8"))) for name in names
    )
    return model + _field(_MODEL_GRAPH, outputs)


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | _LENGTH_DELIMITED) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first, and a high bit on all but the last."""
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
