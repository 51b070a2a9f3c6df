"""The weights of a whole network, out of the graphs of a published version."""

from collections.abc import Mapping, Sequence

import onnx
import torch
from torch import Tensor

from training.networks.attention import NoAttention
from training.networks.classifier import TextClassifier
from training.networks.recurrent import RecurrentStack
from training.networks.translator import NO_WORDS, Translator
from training.restoration.graph_reader import GraphReader, under


def classifier_weights(
    graphs: Mapping[str, onnx.ModelProto], network: TextClassifier
) -> dict[str, Tensor]:
    """The parameters of a classifier of LSTMs. The head's are divided by the temperature.

    graphs: by the names that the manifest gives them; network: one of the same sizes.
    """
    graph = GraphReader(graphs["classifier"])
    (head,) = graph.products("logits")
    ngrams = {}
    if network.ngrams is not None:
        ngrams = dict(zip(("ngrams.tokens", "ngrams.pairs"), graph.tables(), strict=True))
    return {
        **ngrams,
        "embedding.weight": graph.embedding(),
        **_stack(graph, "recurrent", network.recurrent, network.embedding.embedding_dim),
        **under("head", graph.linear(head, [(network.head.in_features, False)])),
    }


def translator_weights(
    graphs: Mapping[str, onnx.ModelProto], network: Translator
) -> dict[str, Tensor]:
    """The parameters of a translator of LSTMs; see `classifier_weights`.

    The embedding is the encoder's copy: the decoder's is coarser in int8.
    """
    encoder, decoder = (GraphReader(graphs[name]) for name in ("encoder", "decoder"))
    size, units = network.embedding.embedding_dim, network.bridge.out_features
    states = [(network.encoder.hidden_size, True)] * (2 if network.encoder.bidirectional else 1)
    read: list[tuple[int, bool]] = [(units, True)]
    context = [(network.attention.context_size, False)] if network.attends else []
    weights = {
        "embedding.weight": encoder.embedding() / network.embedding_scale,
        **_stack(encoder, "encoder", network.encoder, size),
        **under("bridge", encoder.linear(next(encoder.products("reader_hidden")), states)),
    }
    if network.cell_bridge is not None:
        bridge = next(encoder.products("reader_cell"))
        weights |= under("cell_bridge", encoder.linear(bridge, states))
    reader, writer = decoder.lstms()
    (weights_of_reader,) = decoder.lstm(reader, [(size, True)])
    # What the writer reads has pins at its end, behind those that the reader's states have.
    (weights_of_writer,) = decoder.lstm(writer, [*read, *((width, True) for width, _ in context)])
    weights |= under("reader", weights_of_reader) | under("writer", weights_of_writer)
    if not isinstance(network.attention, NoAttention):
        key = next(encoder.products("attention_keys"))
        weights |= under("attention.key", encoder.linear(key, states))
        products = list(decoder.products("attention"))
        if len(products) == 2:  # additive: v and W
            energy, query = products
            keys = [(network.attention.key.out_features, False)]
            weights |= under("attention.energy", decoder.linear(energy, keys))
            weights |= under("attention.query", decoder.linear(query, read))
    output, readout = list(decoder.products("log_probs"))[:2]
    weights |= under("readout", decoder.linear(readout, [*read, *context, (size, True)]))
    bias = decoder.linear(output, [(size, True)])["bias"]
    # The graph forbids these; a network in training has never been asked for them either.
    words = torch.ones(len(bias), dtype=torch.bool)
    words[NO_WORDS] = False
    bias[NO_WORDS] = bias[words].min()
    return weights | {"output_bias": bias}


def _stack(
    graph: GraphReader, name: str, stack: RecurrentStack, embedding_size: int
) -> dict[str, Tensor]:
    """The parameters of a stack of layers, by their names in the network."""
    weights: dict[str, Tensor] = {}
    blocks: Sequence[tuple[int, bool]] = [(embedding_size, True)]
    sides = ["forward_layers", "backward_layers"][: 2 if stack.bidirectional else 1]
    for depth, node in enumerate(graph.lstms()):
        for side, parameters in zip(sides, graph.lstm(node, blocks), strict=True):
            weights |= under(f"{name}.{side}.{depth}", parameters)
        blocks = [(stack.hidden_size, True)] * len(sides)
    return weights
