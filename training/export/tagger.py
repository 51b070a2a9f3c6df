"""The tagger as an ONNX graph: words, their casing and characters, and lengths to logits."""

from dataclasses import dataclass

import numpy as np
import onnx

from service.artifact import TagInspection
from service.artifact.vocabulary import (
    CASING,
    CHARACTERS,
    FIRST_CHARACTER,
    PAD,
    ROW,
    UNKNOWN,
    WORD,
)
from training.export.graph import Array, GraphBuilder
from training.export.layers import Layers, Precision, Value, array, plain
from training.export.recurrent import recurrent
from training.networks.tagger import WINDOW, Tagger

_IMPOSSIBLE = -1e4  # what every filter answers at a place without a character


@dataclass(frozen=True)
class TaggerGraph:
    model: onnx.ModelProto
    inspection: TagInspection  # where the values stand that explain a tag


def tagger_graph(network: Tagger, precision: Precision, temperature: float = 1.0) -> TaggerGraph:
    """tokens int32 [batch, time, ROW], lengths int32 [batch] to logits float32 [batch, time, tags].

    ``temperature`` divides the logits (Guo et al. 2017). Logits at padding mean nothing.
    """
    g = GraphBuilder("tagger")
    layers = Layers(g, precision)
    tokens = g.input("tokens", "int32", ["batch", "time", ROW])
    lengths = g.input("lengths", "int32", ["batch"])
    batch = g.op("Shape", tokens, start=0, end=1)
    turned = g.op("Transpose", tokens, perm=[1, 0, 2])  # time x batch x ROW
    value = layers.pinned(_features(layers, network, turned))
    stack = network.recurrent
    for depth, forward in enumerate(stack.forward_layers):
        directions = [forward]
        if stack.bidirectional:
            directions.append(stack.backward_layers[depth])
        value = recurrent(layers, value, directions, lengths, batch)
    states = layers.unpinned(value).name  # time x batch x states
    head = network.head
    weight = g.constant(array(head.weight).T / np.float32(temperature))
    bias = g.constant(array(head.bias) / np.float32(temperature))
    # The head stays in float32: it is tiny, and an explanation splits it exactly.
    logits = g.op("Add", g.op("MatMul", states, weight), bias)  # time x batch x tags
    turned_back = g.op("Transpose", logits, perm=[1, 0, 2])
    g.output(turned_back, "logits", "float32", ["batch", "time", head.out_features])
    inspection = TagInspection(
        states=states,
        head_weight=weight,
        head_bias=bias,
        directions=2 if stack.bidirectional else 1,
    )
    return TaggerGraph(g.build(), inspection)


def _features(layers: Layers, network: Tagger, tokens: str) -> Value:
    """What the first layer reads, in the order of `Tagger.embed`. tokens: time x batch x ROW."""
    g = layers.graph
    words = _column(g, tokens, WORD)
    parts = []
    table = array(network.words.weight)
    known = words
    if network.trained_words < len(network.vectors):
        trained = g.op("Less", words, g.constant(np.array(network.trained_words, np.int32)))
        known = g.op("Where", trained, words, g.constant(np.array(UNKNOWN, np.int32)))
    parts.append(layers.rows(table, known))
    if network.vectors.shape[1]:
        parts.append(layers.rows(array(network.vectors), words))
    casings = array(network.casings.weight)
    found = g.op("Gather", g.constant(casings), _column(g, tokens, CASING), axis=0)
    parts.append(plain(found, casings.shape[1], float(np.abs(casings).max())))
    parts.append(_spelling(layers, network, tokens))
    return layers.join(*parts)


def _column(g: GraphBuilder, tokens: str, place: int) -> str:
    """One number of each word: time x batch x ROW to time x batch."""
    return g.op("Squeeze", g.op("Gather", tokens, g.integers(place), axis=2), g.integers(2))


def _spelling(layers: Layers, network: Tagger, tokens: str) -> Value:
    """`Tagger.spelling` without a product: each place of a filter's window is a table that the
    characters are looked up in, and the sum over the window is the convolution.
    """
    g = layers.graph
    places = np.arange(FIRST_CHARACTER, ROW, dtype=np.int64)
    characters = g.op("Gather", tokens, g.constant(places), axis=2)  # time x batch x characters
    before = WINDOW // 2
    widths = g.constant(np.array([0, 0, before, 0, 0, before], np.int64))
    wide = g.op("Pad", characters, widths, g.constant(np.array(PAD, np.int32)))
    answers = ""
    for place, table in enumerate(_tables(network)):
        window = np.arange(place, place + CHARACTERS, dtype=np.int64)
        shifted = g.op("Gather", wide, g.constant(window), axis=2)
        found = g.op("Gather", g.constant(table), shifted, axis=0)
        answers = g.op("Add", answers, found) if answers else found
    largest = g.op("ReduceMax", answers, g.integers(2), keepdims=0)  # time x batch x filters
    return plain(g.op("Tanh", largest), network.convolution.out_channels, 1.0)


def _tables(network: Tagger) -> list[Array]:
    """What each place of the window adds to the filters' answers: characters x filters each."""
    weight = array(network.convolution.weight)  # filters x features x places
    embedded = array(network.characters.weight)  # characters x features; zero of padding
    tables = [embedded @ weight[:, :, place].T for place in range(WINDOW)]
    middle = tables[WINDOW // 2]
    assert network.convolution.bias is not None
    middle += array(network.convolution.bias)
    middle[PAD] = _IMPOSSIBLE
    return [table.astype(np.float32) for table in tables]
