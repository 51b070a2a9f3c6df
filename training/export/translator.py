"""The translator as two ONNX graphs: the encoder, and one step of the decoder."""

from dataclasses import dataclass

import numpy as np
import onnx

from training.export.graph import Array, GraphBuilder
from training.export.layers import SATURATING, Layers, Precision, Value, array, plain
from training.export.recurrent import recurrent_step, recurrent_with_ends
from training.networks.attention import AdditiveAttention, NoAttention
from training.networks.cells.layers import CELLS
from training.networks.translator import NO_WORDS, Translator

STATES = ("reader_hidden", "reader_cell", "writer_hidden", "writer_cell")
MEMORY = ("encoder_outputs", "attention_keys")
IMPOSSIBLE = -1e9  # log-probability of a token that is no word
BLOCK, LEAST_BLOCK = 64, 8  # log-probabilities of which the largest is found at once


@dataclass(frozen=True)
class TranslatorGraphs:
    encoder: onnx.ModelProto
    decoder: onnx.ModelProto
    vocabulary: int  # the most that the decoder's k may be
    states: tuple[str, ...]  # what is kept from one step to the next
    memory: tuple[str, ...]  # what a step reads of the source; nothing without attention


def translator_graphs(network: Translator, precision: Precision) -> TranslatorGraphs:
    """Both graphs; for their tensors see `service.artifact.manifest.TranslationDraft`."""
    return TranslatorGraphs(
        _encoder(network, precision),
        _decoder(network, precision),
        network.embedding.num_embeddings,
        _states(network),
        MEMORY if network.attends else (),
    )


def _states(network: Translator) -> tuple[str, ...]:
    """Of the two layers; without the cells where theirs has none."""
    two = CELLS[network.encoder.cell].memories == 2
    return tuple(name for name in STATES if two or not name.endswith("cell"))


def _encoder(network: Translator, precision: Precision) -> onnx.ModelProto:
    g = GraphBuilder("encoder")
    layers = Layers(g, precision)
    tokens = g.input("tokens", "int32", ["batch", "source_time"])
    lengths = g.input("lengths", "int32", ["batch"])
    batch = g.op("Shape", tokens, start=0, end=1)
    value = layers.embedding(
        _input_table(network), g.op("Transpose", tokens, perm=[1, 0])
    )  # source_time x batch x features
    stack = network.encoder
    final = value
    for directions in zip(stack.forward_layers, stack.backward_layers, strict=True):
        value, final = recurrent_with_ends(layers, value, directions, lengths, tokens)
    _memory(layers, network, value)
    start = g.op("Tanh", layers.linear(final, network.bridge))  # batch x decoder
    size = network.bridge.out_features
    # Without a margin: from the first step on an LSTM's pins stand at exactly ±1, and a row that
    # begins must not move the rows that it joins.
    hidden = layers.pinned(plain(start, size, 1.0), margin=1.0)
    cell = _first_cell(layers, network, final, batch)
    for name in _states(network):
        g.output(hidden.name if name.endswith("hidden") else cell, name, "float32",
                 ["batch", hidden.size])  # fmt: skip
    return g.build()


def _first_cell(layers: Layers, network: Translator, final: Value, batch: str) -> str:
    """c_0 of both decoder layers, pins included; batch x units."""
    g = layers.graph
    rows = [] if network.cell_bridge is None else [layers.linear(final, network.cell_bridge)]
    still = np.zeros(0 if rows else network.bridge.out_features, dtype=np.float32)
    if layers.pins:
        still = np.concatenate([still, np.array([SATURATING, -SATURATING], np.float32)])
    if len(still):
        shape = g.op("Concat", batch, g.integers(len(still)), axis=0)
        rows.append(g.op("Expand", g.constant(still), shape))
    return rows[0] if len(rows) == 1 else g.concat(*rows)


def _memory(layers: Layers, network: Translator, states: Value) -> None:
    """What attention reads, from the encoder's states (source_time x batch x *), as outputs."""
    if isinstance(network.attention, NoAttention):
        return
    g = layers.graph
    aside = g.op("Transpose", states.name, perm=[1, 0, 2])
    memory = Value(aside, states.blocks, states.bound)  # batch x source_time x *
    keys = layers.linear(memory, network.attention.key)  # batch x source_time x key
    outputs = layers.unpinned(memory)
    key_size = network.attention.key.out_features
    g.output(outputs.name, MEMORY[0], "float32", ["batch", "source_time", outputs.size])
    g.output(keys, MEMORY[1], "float32", ["batch", "source_time", key_size])


def _decoder(network: Translator, precision: Precision) -> onnx.ModelProto:
    g = GraphBuilder("decoder")
    layers = Layers(g, precision)
    size = network.bridge.out_features
    units = size + layers.pins
    token = g.input("token", "int32", ["rows"])
    states = {name: g.input(name, "float32", ["rows", units]) for name in _states(network)}
    source_lengths = g.input("source_lengths", "int32", ["rows"])  # read by attention alone
    k = g.input("k", "int64", [1])

    def step(value: Value, which: str) -> Value:
        """One step of a layer over a value of rows x features; its states become outputs."""
        own = [name for name in states if name.startswith(which)]
        layer = getattr(network, which)
        hidden, after = recurrent_step(layers, value, layer, [states[name] for name in own])
        for name, state in zip(own, after, strict=True):
            g.output(state, f"next_{name}", "float32", ["rows", units])
        return hidden

    table = layers.tied(array(network.embedding.weight))
    embedded = layers.tied_embedding(table, token, network.embedding_scale)  # rows x features
    read = step(embedded, "reader")
    context = _context(layers, network, read, source_lengths)  # one value, or none
    written = step(layers.pinned(layers.join(read, *context)) if context else read, "writer")
    features = layers.join(written, *context, embedded)
    squashed = g.op("Tanh", layers.linear(features, network.readout))  # rows x features
    hidden = layers.pinned(plain(squashed, network.readout.out_features, 1.0))
    bias = array(network.output_bias)
    bias[NO_WORDS] = IMPOSSIBLE
    logits = layers.tied_linear(hidden, table, bias)  # rows x vocabulary
    log_probs, tokens = best_values(g, g.op("LogSoftmax", logits, axis=-1), k, len(bias))
    g.output(log_probs, "log_probs", "float32", ["rows", "k"])
    g.output(g.op("Cast", tokens, to=6), "next_tokens", "int32", ["rows", "k"])
    return g.build()


def _context(
    layers: Layers, network: Translator, states: Value, source_lengths: str
) -> tuple[Value, ...]:
    """What the decoder sees of the source: rows x memory. The weights become an output."""
    if isinstance(network.attention, NoAttention):
        return ()
    g = layers.graph
    size, key_size = network.attention.context_size, network.attention.key.out_features
    outputs = g.input(MEMORY[0], "float32", ["rows", "source_time", size])
    keys = g.input(MEMORY[1], "float32", ["rows", "source_time", key_size])
    energies = _energies(layers, network, states, keys)  # rows x source_time
    weights = _softmax(g, energies, keys, source_lengths)
    g.output(weights, "attention", "float32", ["rows", "source_time"])
    aside = g.op("Unsqueeze", weights, g.integers(1))
    context = g.op("Squeeze", g.op("MatMul", aside, outputs), g.integers(1))
    return (plain(context, size, 1.0),)


def _energies(layers: Layers, network: Translator, states: Value, keys: str) -> str:
    """v · tanh(W s + U a), or s · (W a): rows x source_time."""
    g = layers.graph
    attention = network.attention
    if isinstance(attention, AdditiveAttention):
        queries = g.op("Unsqueeze", layers.linear(states, attention.query), g.integers(1))
        scored = g.op("Tanh", g.op("Add", queries, keys))  # rows x source_time x attention
        weight = g.constant(array(attention.energy.weight).T)  # attention x 1
        return g.op("Squeeze", g.op("MatMul", scored, weight), g.integers(2))
    # No MatMul: the order of its sums moves with the batch, and energies without a bound made
    # 1e-5 of that in a log-probability.
    queries = g.op("Unsqueeze", layers.unpinned(states).name, g.integers(1))
    return g.op("ReduceSum", g.op("Mul", queries, keys), g.integers(2), keepdims=0)


def _softmax(g: GraphBuilder, energies: str, keys: str, source_lengths: str) -> str:
    """Over the source without its padding; rows x source_time."""
    time = g.op("Squeeze", g.op("Shape", keys, start=1, end=2))
    zero, one = (g.constant(np.array(value, np.int64)) for value in (0, 1))
    positions = g.op("Cast", g.op("Range", zero, time, one), to=6)
    real = g.op("Less", positions, g.op("Unsqueeze", source_lengths, g.integers(1)))
    low = g.constant(np.array(-np.inf, np.float32))
    return g.op("Softmax", g.op("Where", real, energies, low), axis=-1)


def best_values(g: GraphBuilder, values: str, k: str, size: int) -> tuple[str, str]:
    """The k largest of each row, largest first, and where they stand; among equals the first.

    values: rows x size. It gives what TopK gives, which compares values one by one. Here the
    largest of each block is found first, several blocks at once, and TopK sees only those, and
    then the k blocks that hold all that is wanted.
    """
    block = next(divisor for divisor in range(BLOCK, 0, -1) if size % divisor == 0)
    if block < LEAST_BLOCK or block == size:
        best, tokens = g.ops("TopK", 2, values, k, axis=-1)
        return best, tokens
    blocks = g.op("Reshape", values, g.integers(0, size // block, block))
    largest = g.op("ReduceMax", blocks, g.integers(2), keepdims=0)  # rows x blocks
    wanted = g.op("Min", k, g.integers(size // block))
    _, chosen = g.ops("TopK", 2, largest, wanted, axis=-1, sorted=0)
    # In the order of the row, so that among equals the first still comes first.
    chosen, _ = g.ops("TopK", 2, chosen, wanted, axis=-1, largest=0)
    some = g.op("GatherND", blocks, g.op("Unsqueeze", chosen, g.integers(2)), batch_dims=1)
    best, places = g.ops("TopK", 2, g.op("Reshape", some, g.integers(0, -1)), k, axis=-1)
    width = g.integers(block)
    holders = g.op("GatherElements", chosen, g.op("Div", places, width), axis=1)
    begins = g.op("Mul", holders, width)
    return best, g.op("Add", begins, g.op("Mod", places, width))


def _input_table(network: Translator) -> Array:
    table: Array = array(network.embedding.weight) * np.float32(network.embedding_scale)
    return table
